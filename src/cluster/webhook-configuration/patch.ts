import { type JsonObject, objectIn, textIn } from '../../lib/json.ts';
import { caBundleOf, webhooksOf } from './entries.ts';

/** What an entry should have, from what it has. */
export interface Wanted {
  /** PEM, from the published PEM. */
  readonly caBundle: (published: string) => string;
  /** Undefined: the present path stays. */
  readonly path: (entry: JsonObject) => string | undefined;
}

export type WrittenField = 'caBundle' | 'path';

export interface ConfigurationPatch {
  readonly fields: readonly WrittenField[];
  readonly operations: readonly JsonObject[];
}

/** The JSON patch that makes a configuration as wanted, for this version of it only; undefined if there is nothing to write. */
export function configurationPatch(configuration: JsonObject, wanted: Wanted): ConfigurationPatch | undefined {
  const changes = webhooksOf(configuration).flatMap((entry, index) => {
    const published = caBundleOf(entry);
    const pem = wanted.caBundle(published);
    const path = wanted.path(entry);
    const at = `/webhooks/${index}/clientConfig`;
    return [
      ...(published === pem ? [] : [{ field: 'caBundle' as const, at: `${at}/caBundle`, value: encode(pem) }]),
      ...(path === undefined ? [] : [{ field: 'path' as const, at: `${at}/service/path`, value: path }]),
    ];
  });
  if (changes.length === 0) return undefined;
  const value = textIn(objectIn(configuration, 'metadata'), 'resourceVersion');
  return {
    fields: [...new Set(changes.map(({ field }) => field))],
    operations: [
      { op: 'test', path: '/metadata/resourceVersion', value },
      ...changes.map((change) => ({ op: 'add', path: change.at, value: change.value })),
    ],
  };
}

function encode(pem: string): string {
  return Buffer.from(pem).toString('base64');
}
