import { findDrift } from '../../cluster/webhook-configuration/drift.ts';
import type { Check } from '../../diagnostics/checks/check.ts';
import { revisionOf } from '../../diagnostics/overlapping-releases.ts';
import { ownEntries } from '../../diagnostics/webhook-match.ts';
import { type JsonObject, objectIn, textIn } from '../../lib/json.ts';
import { serviceOf } from '../installed-settings.ts';

/** Fields of the webhook entries that differ from what the servers need. A note: the difference may be intended. */
export function checkEntries(configuration: JsonObject): readonly Check[] {
  const service = serviceOf(configuration);
  if (!service) return [];
  const name = textIn(objectIn(configuration, 'metadata'), 'name');
  const expected = { ...service, revision: revisionOf(configuration), writesPaths: true };
  return findDrift(ownEntries(configuration), expected).map((one) => ({
    name: 'entries',
    result: 'note',
    message: `${one.entry} of ${name}: ${one.field} should ${one.expected}`,
    hint: 'If that is not intended, install the same version again: it sets the field back.',
  }));
}
