import type { PodClient } from '../../cluster/client/types.ts';
import { readLogTail } from '../../cluster/pods/log.ts';
import { checkRecord } from '../../diagnostics/audit-pod.ts';
import { type PodVerdict, verdictOfPod } from '../../diagnostics/liveness/pod-verdict.ts';
import type { ContainerFacts } from '../../diagnostics/liveness/sign.ts';
import { containerStatusesOf } from '../../kubernetes/container-status.ts';
import type { Namespace } from '../../kubernetes/namespace.ts';
import type { Pod } from '../../kubernetes/pod.ts';
import type { Catalogue } from '../../profiles/catalogue.ts';
import { readContainerFacts } from './pod-facts.ts';

export interface Place {
  readonly client: PodClient;
  readonly namespace: string;
  /** Undefined if it could not be read. */
  readonly within: Namespace | undefined;
  readonly catalogue: Catalogue;
  /** Image of an ephemeral container in which commands run instead. */
  readonly debugImage: string | undefined;
}

/** Reads what the signs need of each container with an agent, and judges it. */
export async function lookIntoPod(
  { client, namespace, within, catalogue, debugImage }: Place,
  pod: Pod,
): Promise<PodVerdict> {
  const statuses = new Map(containerStatusesOf(pod).map((status) => [status.name, status]));
  const read = new Map<string, ContainerFacts>();
  for (const { container, profile } of checkRecord({ pod, catalogue }).injected) {
    const signs = catalogue.profiles.get(profile)?.signsOfLife;
    const status = statuses.get(container);
    if (!signs || !status) continue;
    // oxlint-disable-next-line no-await-in-loop -- a few requests at a time
    const facts = await readContainerFacts({ client, namespace, pod, status, signs, debugImage });
    read.set(keyOf(container, profile), facts);
  }
  const now = client.serverClock?.now().getTime() ?? Date.now();
  const ages = [...statuses.values()].flatMap(({ name, state, startedAt }) =>
    state === 'running' ? [[name, (now - Date.parse(startedAt)) / 1000] as const] : [],
  );
  const all = {
    pod,
    namespace,
    within,
    signs: (...of: Parameters<typeof keyOf>) => read.get(keyOf(...of)),
    ages: new Map(ages),
  };
  return withLog(client, namespace, verdictOfPod(all, catalogue));
}

/** Neither name can contain a space. */
function keyOf(container: string, profile: string): string {
  return `${container} ${profile}`;
}

/** Adds the end of the log of a container that failed, which mostly says why. */
async function withLog(client: PodClient, namespace: string, verdict: PodVerdict): Promise<PodVerdict> {
  const failed = verdict.containers.find(({ code }) => code === verdict.code && WITH_LOG.has(code));
  if (!failed) return verdict;
  const { container, restarts } = failed;
  const lines = await readLogTail(client, { namespace, pod: verdict.pod, container, previous: restarts > 0 });
  return lines.length === 0 ? verdict : { ...verdict, log: { container, lines } };
}

const WITH_LOG: ReadonlySet<string> = new Set([
  'files-not-copied',
  'init-container-failed',
  'crashed',
  'agent-failed',
  'out-of-memory',
]);
