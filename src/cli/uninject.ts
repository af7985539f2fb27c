import { catalogueFrom, type OfflineOptions } from '../config/catalogue.ts';
import { displayName } from '../manifests/file.ts';
import { readManifests } from '../manifests/sources.ts';
import { uninjectText } from '../manifests/uninject/uninject.ts';
import type { CommandResult } from './command-result.ts';
import { manifestOutput } from './manifest-output.ts';

export interface UninjectOptions extends OfflineOptions {
  /** Paths, directories, https addresses, or `-` for standard input. */
  readonly files: readonly string[];
  readonly recursive?: boolean | undefined;
  readonly diff?: boolean | undefined;
  /** Also where the original text cannot be restored exactly. */
  readonly loose?: boolean | undefined;
}

const LOOSE = 'the original text is not known';

/** Removes what `inject` added to manifests. Throws a UsageError for invalid flags or files. */
export async function uninject(options: UninjectOptions): Promise<CommandResult> {
  const sources = await readManifests(options.files, options);
  const catalogue = await catalogueFrom(options);
  const results = sources.map(({ file, manifest }) => ({
    name: displayName(file),
    before: manifest.text,
    ...uninjectText(manifest, catalogue, options),
  }));
  return {
    output: manifestOutput(
      options,
      'before',
      results.map(({ text, ...one }) => ({ ...one, after: text })),
    ),
    messages: results.flatMap(({ name, pods }) => [
      ...(pods.length === 0 ? [`${name}: no pod in this file has a status annotation that lists an injection`] : []),
      ...pods.map(({ template: { line, kind, name: object }, problem, isLoose }) => {
        const done = isLoose ? `uninjected by its status annotation; ${LOOSE}` : 'uninjected';
        const result = problem === undefined ? done : `left unchanged: ${problem}`;
        return `${name}:${line}: ${kind}/${object}: ${result}`;
      }),
    ]),
    exitCode: results.some(({ pods }) => pods.some(({ problem }) => problem !== undefined)) ? 1 : 0,
  };
}
