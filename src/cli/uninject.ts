import { createTwoFilesPatch } from 'diff';
import { catalogueFrom, type OfflineOptions } from '../config/catalogue.ts';
import { displayName, readManifest } from '../manifests/file.ts';
import { uninjectText } from '../manifests/uninject/uninject.ts';
import type { CommandResult } from './command-result.ts';

export interface UninjectOptions extends OfflineOptions {
  /** A path, or `-` for standard input. */
  readonly file: string;
  readonly diff?: boolean | undefined;
}

/** Removes what `inject` added to a file. Throws a UsageError for invalid flags or files. */
export async function uninject(options: UninjectOptions): Promise<CommandResult> {
  const manifest = await readManifest(options.file);
  const name = displayName(options.file);
  const { text, told } = uninjectText(manifest, await catalogueFrom(options));
  const nothing = told.length === 0 ? [`${name}: no pod in it has a record of agent-injector`] : [];
  return {
    output: options.diff ? createTwoFilesPatch(name, `${name} (before)`, manifest.text, text, '', '') : text,
    messages: [
      ...nothing,
      ...told.map(({ template, message }) => `${name}:${template.line}: ${template.kind}/${template.name}: ${message}`),
    ],
    exitCode: told.some(({ ok }) => !ok) ? 1 : 0,
  };
}
