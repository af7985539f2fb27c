import { catalogueFrom, type OfflineOptions } from '../config/catalogue.ts';
import { displayName, readManifest } from '../manifests/file.ts';
import { uninjectText } from '../manifests/uninject/uninject.ts';
import type { CommandResult } from './command-result.ts';
import { manifestOutput } from './manifest-output.ts';

export interface UninjectOptions extends OfflineOptions {
  /** A path, or `-` for standard input. */
  readonly file: string;
  readonly diff?: boolean | undefined;
}

/** Removes what `inject` added to a file. Throws a UsageError for invalid flags or files. */
export async function uninject(options: UninjectOptions): Promise<CommandResult> {
  const manifest = await readManifest(options.file);
  const name = displayName(options.file);
  const { text, pods } = uninjectText(manifest, await catalogueFrom(options));
  return {
    output: manifestOutput(options, { name, what: 'before' }, manifest.text, text),
    messages: [
      ...(pods.length === 0 ? [`${name}: no pod in this file has a status annotation that lists an injection`] : []),
      ...pods.map(({ template: { line, kind, name: object }, problem }) => {
        const result = problem === undefined ? 'uninjected' : `left unchanged: ${problem}`;
        return `${name}:${line}: ${kind}/${object}: ${result}`;
      }),
    ],
    exitCode: pods.some(({ problem }) => problem !== undefined) ? 1 : 0,
  };
}
