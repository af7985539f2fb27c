import { createTwoFilesPatch } from 'diff';
import { catalogueFrom, type OfflineOptions } from '../config/catalogue.ts';
import { displayName, readManifest } from '../manifests/file.ts';
import { uninjectText } from '../manifests/uninject/uninject.ts';

export interface UninjectOptions extends OfflineOptions {
  /** A path, or `-` for standard input. */
  readonly file: string;
  readonly diff: boolean;
}

export interface UninjectResult {
  /** The file as it was before `inject`, or the difference to it. */
  readonly output: string;
  /** For people: what became of each pod. */
  readonly messages: readonly string[];
  /** 1 when something carries a record and could not be taken out. */
  readonly exitCode: 0 | 1;
}

/** Takes out of a file what `inject` put into it. Throws a UsageError when the options or the file make no sense. */
export async function uninject(options: UninjectOptions): Promise<UninjectResult> {
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
