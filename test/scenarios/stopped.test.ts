import { expect, describe, it, onTestFinished } from 'vitest';
import { type Admission, admitInContext } from '../../src/admission/admit.ts';
import { auditAnnotations } from '../../src/admission/audit-annotations.ts';
import { warningsFor } from '../../src/admission/warnings.ts';
import { type InjectionMode, readSwitch } from '../../src/api/injection-switch.ts';
import { readStatus } from '../../src/api/status-annotation.ts';
import { unknownCluster } from '../../src/kubernetes/cluster-state.ts';
import type { Namespace } from '../../src/kubernetes/namespace.ts';
import type { Pod } from '../../src/kubernetes/pod.ts';
import { profileHash } from '../../src/profiles/fingerprint.ts';
import { type Catalogue, withSwitch } from '../../src/profiles/catalogue.ts';
import { suspensionOfProfile } from '../../src/settings/suspension.ts';
import { PlanCache } from '../../src/webhook/plan-cache.ts';
import {
  catalogue,
  catalogueOf,
  container,
  namespace,
  plainNamespace,
  pod,
  profileDocument,
  reasonOf,
} from '../support/fixtures.ts';
import { reviewOf, startServer, type TestServerOptions } from '../support/webhook-server.ts';

// Injection that someone has stopped: the switch of the cluster, of a profile, of a namespace, and the dry run of a whole server.

const switchedTo = (mode: InjectionMode, known: Catalogue = catalogue): Catalogue =>
  withSwitch(known, readSwitch({ injection: mode, reason: 'INC-123' }, 'ConfigMap apm/switch'));
const strictly = (known: Catalogue): Catalogue => ({ ...known, strictRequired: true });
const must = (annotations: Record<string, string> = {}): Namespace => namespace(annotations, 'required');

/** By the rules and as a server does, for the first and the next pod of a shape: all must be the same. */
function ask(known: Catalogue, within = namespace(), given = pod()): Admission {
  const context = { pod: given, namespace: within, catalogue: known, cluster: unknownCluster };
  const admission = admitInContext(context);
  const plans = new PlanCache();
  for (const { decision, operations } of [plans.admit(context), plans.admit(context)])
    expect({ decision, operations }).toEqual({ decision: admission.decision, operations: admission.operations });
  return admission;
}

describe('injection that is off', () => {
  it('admits the pod with a record, a warning and audit annotations, each with the reason that was given', () => {
    const admission = ask(switchedTo('off'));
    expect(reasonOf(admission)).toMatchObject({ code: 'suspended', why: 'INC-123' });
    expect(readStatus(admission.pod)).toMatchObject({ decision: 'skipped', reason: 'suspended' });
    expect(admission.operations).toHaveLength(1);
    expect(warningsFor(admission.decision)).toEqual([expect.stringContaining('INC-123')]);
    expect(auditAnnotations(admission.decision)).toMatchObject({ decision: 'skipped', reason: 'suspended' });
  });

  it('admits a required pod without the agent, and refuses it only with strictRequired', () => {
    expect(ask(switchedTo('off'), must()).decision.outcome).toBe('skipped');
    const refused = ask(strictly(switchedTo('off')), must());
    expect(refused.decision).toMatchObject({ outcome: 'refused', reason: { code: 'suspended', strict: true } });
    expect(ask(strictly(switchedTo('off'))).decision.outcome).toBe('skipped');
  });

  it('admits a required pod whose annotation `inject` is not valid, and refuses it with strictRequired', () => {
    const wrong = pod([container('web')], { inject: 'maybe' });
    expect(ask(switchedTo('off'), must(), wrong).decision).toMatchObject({
      outcome: 'skipped',
      reason: { code: 'suspended' },
    });
    expect(ask(strictly(switchedTo('off')), must(), wrong).decision.outcome).toBe('refused');
    expect(ask(catalogue, must(), wrong).decision.outcome).toBe('refused');
  });

  it('keeps the record of a pod that has the agent, when the API server asks a second time', () => {
    const injected = ask(catalogue).pod;
    expect(readStatus(injected)?.decision).toBe('injected');
    expect(ask(switchedTo('off'), namespace(), injected).operations).toEqual([]);
  });

  it('leaves a pod that opted out without a record', () => {
    const admission = ask(switchedTo('off'), namespace(), pod([container('web')], { inject: 'false' }));
    expect(reasonOf(admission)?.code).toBe('opted-out');
    expect(admission.operations).toEqual([]);
  });
});

describe('a suspended namespace', () => {
  it.each([
    ['INC-9', 'suspended', 'INC-9'],
    ['true', 'suspended', ''],
    ['', 'suspended', ''],
    ['false', undefined, undefined],
  ])('by the annotation "%s": %s', (text, code, why) => {
    const reason = reasonOf(ask(catalogue, namespace({ suspended: text })));
    expect(reason?.code).toBe(code);
    if (reason?.code === 'suspended') expect(reason.why).toBe(why);
  });

  it('cannot be suspended by a pod, nor where the cluster keeps that to itself', () => {
    const byPod = ask(catalogue, namespace(), pod([container('web')], { suspended: 'INC-9' }));
    expect(byPod.decision).toMatchObject({ outcome: 'injected', notices: [{ code: 'setting-locked' }] });
    const tenancy = { ...catalogue.tenancy, settableBy: new Map([['suspended', ['cluster' as const]]]) };
    const locked = ask({ ...catalogue, tenancy }, namespace({ suspended: 'INC-9' }));
    expect(locked.decision).toMatchObject({ outcome: 'injected', notices: [{ code: 'setting-locked' }] });
  });
});

describe('a suspended profile', () => {
  const two = (spec: object = {}): Catalogue =>
    catalogueOf(
      profileDocument({ environment: [{ name: 'ONE', value: '1' }], ...spec }, 'one'),
      profileDocument({ environment: [{ name: 'TWO', value: '2' }], mounts: [{ path: '/two' }] }, 'two'),
    );
  const stopOne = (known: Catalogue): Catalogue =>
    withSwitch(known, readSwitch({ 'profile.one': 'INC-7' }, 'ConfigMap a/b'));

  it.each([
    ['the switch', stopOne(two()), plainNamespace()],
    ['its document', two({ suspended: true }), plainNamespace()],
    ['the namespace', two(), plainNamespace({ 'suspended.one': 'INC-7' })],
  ])('by %s is left out, and others are injected', (_, known, within) => {
    const { decision } = ask(known, within);
    expect(decision.outcome).toBe('injected');
    expect(decision.containers).toMatchObject([
      { profile: 'one', outcome: 'skipped', reason: { code: 'suspended' } },
      { profile: 'two', outcome: 'injected' },
    ]);
    expect(warningsFor(decision)).toEqual([expect.stringContaining('suspended')]);
  });

  it.each(['on', 'dry-run'] as const)('names what suspended it, also where a setting is stricter: %s', (mode) => {
    const setting = { mode, by: 'the setting injection', why: '', profiles: new Map<string, never>() };
    const both = stopOne({ ...two(), injection: setting });
    expect(
      suspensionOfProfile({ pod: pod(), namespace: plainNamespace(), catalogue: both, cluster: unknownCluster }, 'one'),
    ).toMatchObject({
      by: 'ConfigMap a/b for profile one',
      why: 'INC-7',
    });
  });

  it('does not keep a required pod from its other agents, unless strictRequired says so', () => {
    expect(ask(stopOne(two()), must()).decision.outcome).toBe('injected');
    expect(ask(strictly(stopOne(two())), must()).decision.outcome).toBe('refused');
  });

  it('does not refuse a required pod for profiles that are not for it', () => {
    const only = (name: string): object => ({ containers: { include: [{ containerName: `${name}-*` }] } });
    const known = catalogueOf(
      profileDocument({ environment: [{ name: 'ONE', value: '1' }], ...only('one') }, 'one'),
      profileDocument({ environment: [{ name: 'TWO', value: '2' }], ...only('two') }, 'two'),
    );
    const given = pod([container('one-app')]);
    expect(ask(known, must(), given).decision.outcome).toBe('injected');
    expect(ask(stopOne(known), must(), given).decision).toMatchObject({
      outcome: 'skipped',
      reason: { code: 'suspended' },
    });
    expect(ask(strictly(stopOne(known)), must(), given).decision.outcome).toBe('refused');
  });

  it('has the same hash, so that no pod counts as outdated by it', () => {
    const hashIn = ({ profiles }: Catalogue): readonly string[] => [...profiles.values()].map(profileHash);
    expect(hashIn(two({ suspended: true }))).toEqual(hashIn(two()));
  });
});

describe('a dry run of the server', () => {
  const rehearsing = switchedTo('dry-run');

  it('changes no pod, and reports what it would inject', () => {
    const live = ask(catalogue);
    const { decision, operations, pod: after } = ask(rehearsing);
    expect(live.decision.outcome).toBe('injected');
    expect(operations).toEqual([]);
    expect(after).toEqual(pod());
    expect(decision).toMatchObject({ outcome: 'skipped', reason: { code: 'dry-run' } });
    expect(decision.containers).toMatchObject([{ container: 'web', outcome: 'skipped', reason: { code: 'dry-run' } }]);
    expect(auditAnnotations(decision)['message']).toContain('jennifer-dotnet@');
  });

  it('reports the reason for which nothing would be injected, without a record', () => {
    const within = namespace({ profile: 'nowhere' });
    const { decision, operations } = ask(rehearsing, within);
    expect(decision).toMatchObject({ outcome: 'skipped', reason: { code: 'unknown-profile' } });
    expect(operations).toEqual([]);
    expect(ask(catalogue, within).operations).toHaveLength(1);
  });

  it('refuses only with strictRequired: a pod that would be injected, too', () => {
    const broken = must({ profile: 'nowhere' });
    expect(ask(rehearsing, broken).decision.outcome).toBe('skipped');
    expect(ask(strictly(rehearsing), broken).decision.outcome).toBe('refused');
    expect(ask(rehearsing, must()).decision).toMatchObject({ outcome: 'skipped', reason: { code: 'dry-run' } });
    expect(ask(strictly(rehearsing), must()).decision.outcome).toBe('refused');
  });

  it('leaves a forged record as it is', () => {
    const forged = pod([container('web')], { status: '{"decision":"injected"}' });
    expect(ask(rehearsing, namespace(), forged).operations).toEqual([]);
  });
});

describe('a server that is stopped', () => {
  const answering = async (options: TestServerOptions) => {
    const server = await startServer(options);
    onTestFinished(server.close);
    return async (given: Pod = pod(), path = '/mutate'): Promise<{ allowed: boolean; patch?: string }> =>
      (await server.post(reviewOf(given), {}, path)).json.response;
  };

  it('stops and starts with the next review, whatever it has remembered', async () => {
    let mode: InjectionMode = 'on';
    const catalogues = { on: catalogue, off: switchedTo('off'), 'dry-run': switchedTo('dry-run') };
    const review = await answering({ namespaces: [namespace()], catalogue: () => catalogues[mode] });
    const patchOf = async (): Promise<string> => Buffer.from((await review()).patch ?? '', 'base64').toString();
    for (let pass = 0; pass < 3; pass++) {
      mode = 'on';
      for (let time = 0; time < 3; time++) expect(await patchOf()).toContain('/spec/volumes');
      mode = 'off';
      for (let time = 0; time < 3; time++) expect(await patchOf()).not.toContain('/spec/');
      mode = 'dry-run';
      for (let time = 0; time < 3; time++) expect(await patchOf()).toBe('');
    }
  });

  it('admits required pods although their namespace cannot be read', async () => {
    const lookup = async () => ({ kind: 'unavailable' as const, why: 'planted' });
    const at = async (known: Catalogue): Promise<boolean> => {
      const review = await answering({ lookup, catalogue: () => known });
      return (await review(pod(), '/mutate/required')).allowed;
    };
    expect(await at(catalogue)).toBe(false);
    expect(await at(switchedTo('off'))).toBe(true);
    expect(await at(switchedTo('dry-run'))).toBe(true);
    expect(await at(strictly(switchedTo('off')))).toBe(false);
  });
});
