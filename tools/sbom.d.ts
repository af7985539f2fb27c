import type { Metafile } from 'esbuild';

/** A package of which something is in the bundle. */
export interface BundledPackage {
  /** In package-lock.json. */
  readonly key: string;
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
  readonly license: string;
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
  about: { readonly name: string; readonly version: string; readonly bundle: string | Uint8Array },
): object;
export declare function licencesOf(bundled: Bundled): string;
export declare function writeSbom(metafile: Metafile, about: { readonly name: string; readonly version: string }): void;
