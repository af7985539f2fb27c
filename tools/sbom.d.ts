import type { Metafile } from 'esbuild';

/** A package of which something is in the bundle. */
export interface BundledPackage {
  /** In package-lock.json. */
  readonly key: string;
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
  readonly license: string;
  readonly supplier: string;
  readonly folder: string;
  /** The keys of those that it calls directly. */
  readonly calls: readonly string[];
}

export interface Bundled {
  readonly packages: readonly BundledPackage[];
  /** The keys of those that our own code calls. */
  readonly own: readonly string[];
}

export declare function packagesIn(metafile: Metafile): Bundled;
export declare function sbomOf(
  bundled: Bundled,
  about: {
    readonly name: string;
    readonly version: string;
    readonly bundle: string | Uint8Array;
    /** The version of Node.js in the image. */
    readonly node: string;
    readonly timestamp: string;
    readonly tools?: readonly { readonly name: string; readonly version: string }[];
  },
): object;
export declare function withNode(document: object, version: string): object;
export declare function supplierOf(
  manifest: { readonly author?: unknown; readonly repository?: unknown },
  name: string,
): string;
/** RFC 3339, in UTC. */
export declare function sourceTime(env?: Readonly<Record<string, string | undefined>>): string;
export declare function licencesOf(bundled: Bundled): string;
export declare function writeSbom(metafile: Metafile, about: { readonly name: string; readonly version: string }): void;
