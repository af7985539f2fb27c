import type { Plugin as EsbuildPlugin } from 'esbuild';
import type { Plugin as VitePlugin } from 'vite';

export declare const esbuildYaml: EsbuildPlugin;
export declare const viteYaml: VitePlugin;
