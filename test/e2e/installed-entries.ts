import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MUTATE_PATH, REQUIRED_PATH } from '../../src/api/paths.ts';
import { objectsIn, textIn, type JsonObject } from '../../src/lib/json.ts';
import { objectsOf, root } from '../support/chart.ts';
import type { KubeObject } from '../support/client.ts';
import type { Injector } from '../support/injector.ts';

/** The objects of deploy/install.yaml. */
export const installManifests: readonly KubeObject[] = objectsOf(
  readFileSync(join(root, 'deploy/install.yaml'), 'utf8'),
);

/** The webhook configuration of deploy/install.yaml, or what becomes of its entries, with the address of this server. */
export function installedConfiguration(
  { url, ca }: Pick<Injector, 'url' | 'ca'>,
  change = (entries: readonly JsonObject[]) => entries,
): KubeObject {
  const installed = installManifests.find(({ kind }) => kind === 'MutatingWebhookConfiguration');
  // Objects of the manifest are JSON.
  const webhooks = change(objectsIn(installed as JsonObject, 'webhooks')).map((entry) => {
    // The server writes the path; to a URL it writes nothing.
    const path = textIn(entry, 'name').startsWith('required-') ? REQUIRED_PATH : MUTATE_PATH;
    const clientConfig = { url: new URL(path, url).href, caBundle: Buffer.from(ca).toString('base64') };
    return { ...entry, clientConfig };
  });
  return { ...installed, webhooks };
}

/** What the chart makes of the entries with `required.strict`. */
export function withoutOptOuts(entries: readonly JsonObject[]): readonly JsonObject[] {
  return entries
    .filter((entry) => !textIn(entry, 'name').startsWith('required-opt-outs.'))
    .map((entry) => {
      if (!textIn(entry, 'name').startsWith('required-')) return entry;
      const matchConditions = objectsIn(entry, 'matchConditions').filter(({ name }) => name !== 'not-opted-out');
      const { objectSelector, ...rest } = entry;
      const isForAll = textIn(entry, 'name').startsWith('required-namespaces.');
      return { ...rest, matchConditions, ...(!isForAll && objectSelector !== undefined && { objectSelector }) };
    });
}
