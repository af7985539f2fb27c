import { API_GROUP_PATH } from '../../api/target/kinds.ts';
import { objectsIn } from '../../lib/json.ts';
import { isNotFound } from '../client/errors.ts';
import type { KubeClient } from '../client/types.ts';
import { PLURALS, type ResourceKind } from './resource-kinds.ts';

const LIMITS = { timeoutMs: 5_000, maxBytes: 256 * 1024 };

/** The kinds of ours that are installed; undefined if the API server does not say. Needs no permission. */
export async function servedKinds(client: KubeClient): Promise<ReadonlySet<ResourceKind> | undefined> {
  const answer = await client.getJson(API_GROUP_PATH, LIMITS);
  if (answer.kind !== 'ok') return isNotFound(answer) ? new Set() : undefined;
  const served = new Set(objectsIn(answer.body, 'resources').map(({ name }) => name));
  const kinds = Object.entries(PLURALS).flatMap(([kind, plural]) => (served.has(plural) ? [kind] : []));
  return new Set(kinds.filter(isKind));
}

function isKind(text: string): text is ResourceKind {
  return text in PLURALS;
}
