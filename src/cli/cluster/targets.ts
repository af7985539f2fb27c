import { describeFailure, isForbidden, isNotFound } from '../../cluster/client/errors.ts';
import type { KubeClient } from '../../cluster/client/types.ts';
import { readOnce } from '../../cluster/one-shot.ts';
import { controllerOf } from '../../kubernetes/owner.ts';
import {
  isExtension,
  apiPath,
  podKind,
  templateOf,
  type WorkloadKind,
  workloadKindNamed,
  workloadKinds,
} from '../../kubernetes/workload.ts';
import { type JsonObject, objectIn, textIn } from '../../lib/json.ts';
import { didYouMean, nearest } from '../../lib/suggest.ts';
import { UsageError } from '../../lib/usage-error.ts';
import { type NamespaceScope, readWorkloads } from './reader.ts';

/** A pod or workload in the cluster. */
export interface Target {
  readonly workload: WorkloadKind;
  readonly namespace: string;
  readonly name: string;
  readonly object: JsonObject;
  /** Its pod template; of a pod, the pod itself. */
  readonly template: JsonObject;
}

/** What the words of a command name: one object, a name of any kind, or all objects of a kind. */
export type Named =
  | { readonly kind: 'object'; readonly workload: WorkloadKind; readonly name: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'all'; readonly workload: WorkloadKind };

/**
 * Reads words as kubectl does: `KIND/NAME …`, `KIND NAME …`, `KIND` for all of a kind, and, unlike kubectl, `NAME …` for a workload of any kind. Throws a
 * UsageError for a kind that has no pods.
 */
export function namedBy(words: readonly string[]): readonly Named[] {
  const [first = '', ...rest] = words;
  const kind = first.includes('/') ? undefined : workloadKindNamed(first);
  if (kind && rest.length === 0) return [{ kind: 'all', workload: kind }];
  if (kind && rest.every((word) => !word.includes('/')))
    return rest.map((name) => ({ kind: 'object', workload: kind, name }));
  return words.map((word) => {
    const [before = '', name, ...more] = word.split('/');
    if (name === undefined) return { kind: 'name', name: word };
    const workload = workloadKindNamed(before);
    if (!workload) throw new UsageError([notAKind(before)]);
    if (name === '' || more.length > 0) throw new UsageError([`"${word}" must be KIND/NAME, such as deploy/web`]);
    return { kind: 'object', workload, name };
  });
}

const KINDS = 'pod, deploy, sts, ds, rs, rc, job, cj, podtemplate, rollout, dc or clone';

function notAKind(word: string): string {
  const known = workloadKinds.flatMap(({ plural, short }) => [plural, ...short]);
  // Of a short word, every other short one is near.
  const suggestion = word.length > 3 ? nearest(word, known) : undefined;
  return `"${word}" is not a pod or workload kind${didYouMean(suggestion)}${suggestion === undefined ? `: use ${KINDS}` : ''}`;
}

/** Finds what is named in the scope; without words, every workload that the selector selects. Throws an Error for what does not exist. */
export async function findTargets(
  client: KubeClient,
  words: readonly string[],
  scope: NamespaceScope,
): Promise<readonly Target[]> {
  const named = namedBy(words);
  if (named.length === 0) return everyWorkload(client, scope);
  if (scope.selector !== undefined && named.some(({ kind }) => kind !== 'all'))
    throw new UsageError(['an object cannot be named with --selector']);
  if (scope.allNamespaces && named.some(({ kind }) => kind !== 'all'))
    throw new UsageError(['an object cannot be named with --all-namespaces: name its namespace with -n']);
  const found = await Promise.all(
    named.map((one) => {
      if (one.kind === 'all') return allOf(client, one.workload, scope);
      return one.kind === 'name'
        ? readAny(client, one.name, scope)
        : readTarget(client, one, scope).then((target) => [target]);
    }),
  );
  return found.flat();
}

/** Reads one object. Throws an Error if it cannot be read, or has no pods. */
export async function readTarget(
  client: KubeClient,
  { workload, name }: { readonly workload: WorkloadKind; readonly name: string },
  { namespace }: Pick<NamespaceScope, 'namespace'>,
): Promise<Target> {
  const answer = await readOnce(client, apiPath(workload, namespace, name));
  if (answer.kind !== 'ok') throw new Error(`${workload.kind} ${namespace}/${name}: ${describeFailure(answer)}`);
  const template = templateOf(workload, answer.body);
  if (!template) throw new Error(`${workload.kind} ${namespace}/${name} has no pod template`);
  return { workload, namespace, name, object: answer.body, template };
}

/** The pod or workload of this name, of any kind; several if several kinds have one. */
async function readAny(client: KubeClient, name: string, { namespace }: NamespaceScope): Promise<readonly Target[]> {
  const answers = await Promise.all(
    workloadKinds.map(async (workload) => ({
      workload,
      answer: await readOnce(client, apiPath(workload, namespace, name)),
    })),
  );
  const found = answers.flatMap(({ workload, answer }) => {
    const template = answer.kind === 'ok' ? templateOf(workload, answer.body) : undefined;
    return template && answer.kind === 'ok' ? [{ workload, namespace, name, object: answer.body, template }] : [];
  });
  if (found.length > 0) return found;
  const failed = answers.find(({ answer }) => answer.kind !== 'ok' && !isNotFound(answer) && !isForbidden(answer));
  if (failed && failed.answer.kind !== 'ok') throw new Error(`${name}: ${describeFailure(failed.answer)}`);
  const hidden = answers.filter(({ answer }) => answer.kind !== 'ok' && isForbidden(answer));
  const note =
    hidden.length === 0 ? '' : `; you may not read ${hidden.map(({ workload }) => workload.plural).join(', ')}`;
  throw new Error(`no pod or workload "${name}" in namespace ${namespace}${note}`);
}

/** All workloads of a kind that have no controller; of pods, all. */
async function allOf(client: KubeClient, workload: WorkloadKind, scope: NamespaceScope): Promise<readonly Target[]> {
  const found: Target[] = [];
  await readWorkloads(client, workload, scope, async (items) => {
    for (const object of items) {
      const metadata = objectIn(object, 'metadata');
      const template = templateOf(workload, object);
      if (!template || (workload !== podKind && controllerOf(metadata))) continue;
      const namespace = textIn(metadata, 'namespace');
      found.push({ workload, namespace, name: textIn(metadata, 'name'), object, template });
    }
  });
  return found;
}

async function everyWorkload(client: KubeClient, scope: NamespaceScope): Promise<readonly Target[]> {
  const found = await Promise.all(
    workloadKinds
      .filter(({ kind }) => kind !== 'PodTemplate')
      .map((kind) =>
        allOf(client, kind, scope).catch((error: unknown) => {
          if (isExtension(kind)) return [];
          throw error;
        }),
      ),
  );
  const all = found.flat();
  return all.filter(({ workload, object }) => workload !== podKind || !controllerOf(objectIn(object, 'metadata')));
}
