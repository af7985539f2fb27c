interface Advisory {
  readonly id: string;
  /** Other identifiers. */
  readonly also?: readonly string[];
  readonly affected: readonly { readonly introduced: string; readonly fixed?: string }[];
  readonly source: string;
}

export interface Snapshot {
  /** YYYY-MM-DD. */
  readonly taken: string;
  readonly packages: Readonly<Record<string, readonly Advisory[]>>;
  readonly node: readonly Advisory[];
}

export interface Waiver {
  readonly id: string;
  readonly package: string;
  readonly reason: string;
  /** YYYY-MM-DD, the last day. */
  readonly expires: string;
}

export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  readonly where: string;
}

export interface Finding extends LockedPackageOf {
  readonly ids: readonly string[];
  readonly source: string;
  readonly isFailing?: boolean;
}
interface LockedPackageOf {
  readonly package: string;
  readonly version: string;
  readonly where: string;
}

export type RegistryAnswer =
  | { readonly why: string; readonly findings?: undefined }
  | { readonly findings: readonly Finding[] };

interface Inputs {
  readonly snapshot: Snapshot;
  readonly waivers: readonly Waiver[];
  readonly packages: readonly LockedPackage[];
  /** The version of Node.js in the image. */
  readonly node: string;
}

export declare function compareVersions(one: string, other: string): number;
export declare function findingsIn(
  snapshot: Snapshot,
  packages: readonly LockedPackage[],
  node: string,
): readonly Finding[];
export declare function registryFindings(output: string): RegistryAnswer;
export declare function judge(inputs: Inputs & { readonly registry: RegistryAnswer; readonly today: string }): {
  readonly code: 0 | 1;
  readonly text: string;
};
export declare function readInputs(): Inputs;
