import type { Metafile, Plugin as EsbuildPlugin } from 'esbuild';
import type { Plugin as VitePlugin } from 'vite';

export declare const esbuildPageFiles: EsbuildPlugin;
export declare const vitePageFiles: VitePlugin;
export declare function pageMetafile(): Promise<Metafile>;
export declare function readPageFiles(): Promise<
  readonly { readonly name: string; readonly type: string; readonly content: Buffer }[]
>;
