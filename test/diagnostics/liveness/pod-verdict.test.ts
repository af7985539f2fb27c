import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/admission/admit.ts';
import { type PodFacts, type PodVerdict, verdictOfPod } from '../../../src/diagnostics/liveness/pod-verdict.ts';
import { livenessReport } from '../../../src/diagnostics/liveness/report.ts';
import type { ContainerFacts } from '../../../src/diagnostics/liveness/sign.ts';
import {
  mostTelling,
  type VerdictCode,
  verdictCodes,
  verdictOf,
} from '../../../src/diagnostics/liveness/verdict-code.ts';
import type { Namespace } from '../../../src/kubernetes/namespace.ts';
import type { Pod } from '../../../src/kubernetes/pod.ts';
import type { Catalogue } from '../../../src/profiles/catalogue.ts';
import { catalogueOf, container, plainNamespace, pod, profileDocument } from '../../support/fixtures.ts';

const known = (spec: object = {}): Catalogue =>
  catalogueOf(
    profileDocument({
      environment: [{ name: 'AGENT', value: '1' }],
      signsOfLife: {
        alive: [{ log: { contains: 'agent started' } }],
        failed: [{ log: { contains: 'agent jar missing' } }],
        within: 60,
      },
      ...spec,
    }),
  );
const copied = known({
  deliveries: [{ initContainer: { image: 'registry.example.com/agent:1', command: ['cp', '/a', '/agent/a'] } }],
});

const running = (): object => ({ state: { running: { startedAt: '2026-11-30T10:00:00Z' } } });
const waiting = (reason: string, message = ''): object => ({ state: { waiting: { reason, message } } });
const ended = (exitCode: number, reason = 'Error'): object => ({ terminated: { exitCode, reason } });

interface Given {
  readonly catalogue?: Catalogue;
  /** The status of the container `web`. */
  readonly status?: object;
  readonly init?: object;
  readonly podStatus?: object;
  readonly lines?: readonly string[];
  readonly facts?: ContainerFacts;
  readonly seconds?: number;
  readonly bare?: Pod;
  /** The namespace, if it could be read. */
  readonly within?: Namespace;
}

function verdictFor(given: Given, judge = given.catalogue ?? known()): PodVerdict {
  const { catalogue = known(), status, init, podStatus, lines, seconds = 600 } = given;
  const injected = given.bare ?? admit(pod([container('web')]), plainNamespace(), catalogue).pod;
  const initName = injected.spec.initContainers?.[0]?.name ?? 'own';
  const statuses = {
    ...podStatus,
    ...(status && { containerStatuses: [{ name: 'web', restartCount: 0, ...status }] }),
    ...(init && { initContainerStatuses: [{ name: initName, restartCount: 0, ...init }] }),
  };
  const facts = given.facts ?? (lines ? { log: { ok: true, value: { lines, isPartial: false } } } : {});
  const all: PodFacts = {
    pod: { ...injected, status: statuses },
    namespace: 'shop',
    signs: (name) => (name === 'web' ? facts : undefined),
    ages: new Map([['web', seconds]]),
    within: given.within,
  };
  return verdictOfPod(all, judge);
}

const unread: ContainerFacts = { log: { ok: false, error: 'you may not read logs' } };
const crashed = { state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: ended(1), restartCount: 4 };

const rows: readonly (readonly [name: string, given: Given, code: VerdictCode])[] = [
  ['a sign of life', { status: running(), lines: ['agent started'] }, 'alive'],
  ['no sign in time', { status: running(), lines: ['hello'] }, 'no-sign'],
  ['no sign yet', { status: running(), lines: [], seconds: 20 }, 'starting'],
  ['a log that may not be read', { status: running(), facts: unread }, 'not-readable'],
  ['a sign of failure', { status: running(), lines: ['agent jar missing', 'agent started'] }, 'agent-failed'],
  ['a crash whose log has a sign of failure', { status: crashed, lines: ['agent jar missing'] }, 'agent-failed'],
  ['a crash whose log has none', { status: crashed, lines: ['agent started', 'boom'] }, 'crashed'],
  ['a crash that was not looked into', { status: crashed, facts: unread }, 'crashed'],
  [
    'a container between two crashes',
    { status: { ...running(), lastState: ended(1), restartCount: 3 }, lines: ['agent started'], seconds: 5 },
    'crashed',
  ],
  [
    'one that crashed long ago',
    { status: { ...running(), lastState: ended(1), restartCount: 3 }, lines: ['agent started'] },
    'alive',
  ],
  [
    'too little memory',
    { status: { ...waiting('CrashLoopBackOff'), lastState: ended(137, 'OOMKilled') } },
    'out-of-memory',
  ],
  ['an app whose image cannot be pulled', { status: waiting('ImagePullBackOff', 'not found') }, 'image-not-pulled'],
  ['an app whose image is not signed', { status: waiting('SignatureValidationFailed') }, 'image-not-pulled'],
  ['a container that the runtime refuses', { status: waiting('CreateContainerError', 'no such path') }, 'not-created'],
  ['a container that was not started', { status: { state: ended(128, 'StartError') } }, 'crashed'],
  [
    'files that cannot be copied',
    { catalogue: copied, init: { state: ended(1) }, status: waiting('PodInitializing') },
    'files-not-copied',
  ],
  [
    "an agent's image that cannot be pulled",
    { catalogue: copied, init: waiting('ErrImagePull'), status: waiting('PodInitializing') },
    'image-not-pulled',
  ],
  [
    "an author's init container that fails",
    { init: { state: ended(2) }, status: waiting('PodInitializing') },
    'init-container-failed',
  ],
  ['a pod that no kubelet has', {}, 'starting'],
  ['a pod whose containers are being made', { status: waiting('ContainerCreating') }, 'starting'],
  ['a job that has ended well', { status: { state: ended(0, 'Completed') }, lines: ['agent started'] }, 'alive'],
  ['a job that has ended without a sign', { status: { state: ended(0, 'Completed') }, lines: ['done'] }, 'no-sign'],
  ['a profile without signs', { catalogue: known({ signsOfLife: undefined }), status: running() }, 'signs-unknown'],
  [
    'a profile whose signs are not known',
    { catalogue: known({ signsOfLife: { unknown: 'it is silent' } }), status: running() },
    'signs-unknown',
  ],
  [
    'a profile whose signs are not known, and a crash',
    { catalogue: known({ signsOfLife: { unknown: 'it is silent' } }), status: crashed },
    'crashed',
  ],
  ['a pod without an agent', { bare: pod(), status: running() }, 'not-injected'],
];

describe('the verdict on a pod', () => {
  it.each(rows)('%s', (_, given, code) => {
    const verdict = verdictFor(given);
    expect(verdict.code).toBe(code);
    expect(verdict.verdict).toBe(verdictOf(code));
    expect(verdict.message).not.toBe('');
  });

  it('has a case for every code of a pod', () => {
    const seen = new Set<string>([...rows.map(([, , code]) => code), 'profile-unknown', 'no-pods']);
    expect([...seen].toSorted()).toEqual(Object.keys(verdictCodes).toSorted());
  });

  it('on a profile that is not known here is unknown, and says what to do', () => {
    const verdict = verdictFor({ status: running() }, catalogueOf(profileDocument({}, 'other')));
    expect(verdict).toMatchObject({ code: 'profile-unknown', next: expect.stringContaining('--profiles') });
  });

  it('says why a pod has no agent, by its record, and how to learn more', () => {
    const refused = admit(pod([container('web')]), plainNamespace({ profile: 'nowhere' }), known()).pod;
    expect(verdictFor({ bare: refused, status: running() })).toMatchObject({
      code: 'not-injected',
      message: expect.stringContaining('unknown-profile'),
      next: 'kubectl agent-injector explain pod/web -n shop',
    });
  });

  it('names the exit code, the restarts and the step that shows more', () => {
    expect(verdictFor({ status: crashed, lines: [] })).toMatchObject({
      next: 'kubectl -n shop logs web -c web --previous',
      containers: [{ container: 'web', profile: 'agent', exitCode: 1, restarts: 4 }],
    });
  });

  it('is about the agent also if it is outdated, and says that it is', () => {
    const next = known({ environment: [{ name: 'AGENT', value: '2' }] });
    const verdict = verdictFor({ status: running(), lines: ['agent started'] }, next);
    expect(verdict).toMatchObject({ code: 'alive', isOutdated: true });
    expect(livenessReport({ subject: 'Pod/web', namespace: 'shop', pods: [verdict], notes: [] }).notes).toHaveLength(1);
  });

  describe('in a version canary', () => {
    const parameters = [{ name: 'agent-version', type: 'version', default: '1', description: 'The version.' }];
    const environment = [{ name: 'AGENT', value: '${agent-version}' }];
    const canaryOf = (percent: number): Catalogue =>
      known({ parameters, environment, canary: { version: { percent, values: { 'agent-version': '2' } } } });
    const isOutdated = (carried: number, now: number, within?: Namespace): boolean => {
      const { pod: bare } = admit(pod([container('web')]), plainNamespace(), canaryOf(carried));
      return verdictFor({ bare, status: running(), ...(within && { within }) }, canaryOf(now)).isOutdated;
    };

    it('is outdated with the version that its workload does not get now, as in status', () => {
      expect(isOutdated(0, 0, plainNamespace())).toBe(false);
      expect(isOutdated(100, 100, plainNamespace())).toBe(false);
      expect(isOutdated(0, 100, plainNamespace())).toBe(true);
      expect(isOutdated(100, 0, plainNamespace())).toBe(true);
      // The percentage of its namespace applies.
      expect(isOutdated(0, 0, plainNamespace({ 'canary-version': '100' }))).toBe(true);
    });

    it('is not called outdated with either version where its namespace could not be read', () => {
      expect(isOutdated(0, 100)).toBe(false);
      expect(isOutdated(100, 0)).toBe(false);
    });
  });

  it('names the condition because of which a pod is not scheduled', () => {
    const conditions = [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes are available' }];
    expect(verdictFor({ podStatus: { conditions } }).message).toContain('0/1 nodes are available');
  });
});

describe('the verdict on a workload', () => {
  const alive = verdictFor({ status: running(), lines: ['agent started'] });
  const failed = { ...verdictFor({ status: crashed }), pod: 'web-2' };
  const report = (pods: readonly PodVerdict[]) =>
    livenessReport({ subject: 'Deployment/web', namespace: 'shop', pods, notes: [] });

  it('is alive only if all pods are', () => {
    expect(report([alive, alive])).toMatchObject({ verdict: 'alive', code: 'alive' });
    expect(report([alive, failed])).toMatchObject({ verdict: 'not-alive', code: 'crashed' });
    expect(report([alive, failed]).message).toContain('1 of 2 pods: web-2');
  });

  it('without pods is not alive yet', () => expect(report([])).toMatchObject({ verdict: 'starting', code: 'no-pods' }));

  it('is that of the pod that says most', () => {
    expect(
      mostTelling([{ code: 'alive' as const }, { code: 'starting' as const }, { code: 'not-readable' as const }]),
    ).toEqual({
      code: 'not-readable',
    });
    const verdicts = Object.keys(verdictCodes).map((code) => verdictOf(code as VerdictCode));
    expect([...new Set(verdicts)]).toEqual(['not-alive', 'unknown', 'starting', 'alive']);
  });
});
