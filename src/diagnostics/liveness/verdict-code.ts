export type Verdict = 'alive' | 'starting' | 'not-alive' | 'unknown';

interface CodeRow {
  readonly verdict: Verdict;
  readonly meaning: string;
  /** A command or an advice. POD, NAMESPACE and CONTAINER are filled in. */
  readonly next?: string;
}

/** Every result of `verify`. The table in docs/reference/commands.md is generated from these rows. The most telling one of a pod comes first. */
export const verdictCodes = {
  'not-injected': {
    verdict: 'not-alive',
    meaning: 'The pod carries no agent that agent-injector put there.',
    next: 'kubectl agent-injector explain pod/POD -n NAMESPACE',
  },
  'image-not-pulled': {
    verdict: 'not-alive',
    meaning: 'An image of the pod cannot be pulled: that of the init container that brings the agent, or another one.',
    next: 'kubectl -n NAMESPACE describe pod POD',
  },
  'files-not-copied': {
    verdict: 'not-alive',
    meaning: "The init container that brings the agent's files failed.",
    next: 'kubectl -n NAMESPACE logs POD -c CONTAINER',
  },
  'init-container-failed': {
    verdict: 'not-alive',
    meaning: "An init container of the pod's author failed, so the app has not started.",
    next: 'kubectl -n NAMESPACE logs POD -c CONTAINER',
  },
  'not-created': {
    verdict: 'not-alive',
    meaning: 'The runtime cannot create the container.',
    next: 'kubectl -n NAMESPACE describe pod POD',
  },
  'agent-failed': {
    verdict: 'not-alive',
    meaning: 'The container shows a sign that the agent does not work.',
    next: 'kubectl -n NAMESPACE logs POD -c CONTAINER',
  },
  'out-of-memory': {
    verdict: 'not-alive',
    meaning: 'The container was ended because it used more memory than its limit. An agent needs memory, too.',
    next: 'kubectl -n NAMESPACE describe pod POD',
  },
  crashed: {
    verdict: 'not-alive',
    meaning: 'The container ends again and again, or has ended with an error. That the agent is the cause is not said.',
    next: 'kubectl -n NAMESPACE logs POD -c CONTAINER --previous',
  },
  'no-sign': {
    verdict: 'not-alive',
    meaning: 'The container runs, and shows no sign of life of the agent within its time.',
    next: 'kubectl -n NAMESPACE logs POD -c CONTAINER',
  },
  'not-readable': {
    verdict: 'unknown',
    meaning: 'What would show a sign of life could not be read.',
  },
  'signs-unknown': {
    verdict: 'unknown',
    meaning: 'The container runs, and the profile does not say what shows that the agent works.',
  },
  'profile-unknown': {
    verdict: 'unknown',
    meaning: 'The container runs, and its profile is not known here.',
    next: 'use --profiles DIR with the profiles of the server',
  },
  'no-pods': {
    verdict: 'starting',
    meaning: 'The workload has no pods that run or start.',
    next: 'kubectl -n NAMESPACE get events',
  },
  starting: {
    verdict: 'starting',
    meaning: 'The pod or the agent is still starting.',
    next: 'use --wait',
  },
  alive: { verdict: 'alive', meaning: 'The container shows a sign of life of the agent.' },
} as const satisfies Readonly<Record<string, CodeRow>>;

export type VerdictCode = keyof typeof verdictCodes;

export function verdictOf(code: VerdictCode): Verdict {
  return verdictCodes[code].verdict;
}

// Object.keys gives string[]; these are exactly the keys of the table.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const order = Object.keys(verdictCodes) as readonly VerdictCode[];

/** The first of these in the order of the table. */
export function mostTelling<Found extends { readonly code: VerdictCode }>(found: readonly Found[]): Found | undefined {
  return found.toSorted((one, other) => order.indexOf(one.code) - order.indexOf(other.code))[0];
}

/** What to do about it; undefined if there is nothing. */
export function nextStep(
  code: VerdictCode,
  names: { readonly namespace: string; readonly pod?: string; readonly container?: string },
): string | undefined {
  const row: CodeRow = verdictCodes[code];
  const { namespace, pod = 'POD', container = 'CONTAINER' } = names;
  const filled: Readonly<Record<string, string>> = { NAMESPACE: namespace, POD: pod, CONTAINER: container };
  return row.next?.replaceAll(/\b(?:NAMESPACE|POD|CONTAINER)\b/g, (name) => filled[name] ?? name);
}
