import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { auditLogIn, type AuditLog } from '../e2e/audit-log.ts';
import { addsContainer, startRecorder, type Patcher } from '../e2e/recorder.ts';
import { ours } from '../support/injected-cluster.ts';
import { container, podOf, recordOf, variable } from '../support/pod.ts';
import { textTable } from '../support/text-table.ts';
import { type Bed, CONFLICTS, labels, orders, PROFILES, startBed, type Order } from './bed.ts';
import { operators, played } from './played.ts';

// Pods that two injectors want, in both orders, with the other one played. One agent is in the process, or the conflict has a name.

let dir: string;
let audit: AuditLog;
let bed: Bed;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-neighbours-'));
  audit = auditLogIn(dir);
  bed = await startBed({ apiServerFlags: audit.flags });
});
afterAll(async () => {
  await bed?.stop();
  rmSync(dir, { recursive: true });
  if (rows.length > 0)
    console.log(textTable([['neighbour', 'profile', 'order', 'label', 'agents', 'verdict'], ...rows]));
});

const rows: (readonly string[])[] = [];

async function beside<T>(patch: Patcher, order: Order, run: () => Promise<T>): Promise<T> {
  const other = await startRecorder({ patch });
  try {
    return await bed.beside({ others: [{ ...other, configuration: 'neighbour' }], order }, run);
  } finally {
    await other.stop();
  }
}

describe.each(played)('beside $name', ({ name, language, asked, patch }) => {
  test.each(orders)('called %s, one agent is in the process or the conflict has a name', async (order) => {
    await beside(patch, order, async () => {
      for (const profile of PROFILES[language]) {
        for (const label of labels) {
          const pod = podOf(label, `${language}-${rows.length}`, { annotations: { ...ours({ profile }), ...asked } });
          const { agents, reason } = await bed.create(pod);
          rows.push([name, profile, order, label, String(agents), reason]);
          const of = `${profile}, ${label}`;
          if (agents > 1 || reason !== '') expect(CONFLICTS, of).toContain(reason);
          expect(agents, of).toBeGreaterThanOrEqual(label === 'required' && reason !== '' ? 0 : 1);
          if (order === 'last') expect(agents, of).toBeLessThanOrEqual(1);
        }
      }
    });
  });
});

test.each(orders)('called %s, the Operator instruments its own container beside one of ours', async (order) => {
  const nodejs = operators.find(({ language }) => language === 'nodejs');
  if (!nodejs) throw new Error('no row');
  const annotations = {
    ...ours({ profile: 'opentelemetry-java', containers: 'app' }),
    ...nodejs.asked,
    'instrumentation.opentelemetry.io/container-names': 'web',
  };
  const spec = { containers: [container('app'), container('web')] };
  const { pod } = await beside(nodejs.patch, order, () =>
    bed.create(podOf('enabled', 'two-languages', { annotations, spec })),
  );
  expect(pod && variable(pod, 'JAVA_TOOL_OPTIONS', 'app')).toContain('-javaagent:');
  expect(pod && variable(pod, 'NODE_OPTIONS', 'web')).toContain('--require');
});

describe.each(orders)('called %s, of a container that a setting names and another webhook adds', (order) => {
  const annotations = ours({ profile: 'opentelemetry-java', containers: 'later' });
  const create = async (label: string) =>
    beside(addsContainer(container('later')), order, () =>
      bed.create(podOf(label, `later-${order}`, { annotations }), { dryRun: false }),
    );
  const told = async (label: string): Promise<readonly unknown[]> =>
    (await bed.injector.decisions(label))
      .filter(({ pod }) => pod === `later-${order}`)
      .map(({ outcome, reason }) => (outcome === 'injected' ? outcome : [outcome, reason]));

  test('the agent is in it where the label is `enabled`', async () => {
    const { pod, warnings } = await create('enabled');
    expect(pod && variable(pod, 'JAVA_TOOL_OPTIONS', 'later')).toContain('-javaagent:');
    expect(pod && recordOf(pod)).toMatchObject({ decision: 'injected', containers: [{ container: 'later' }] });
    // Called first, the first pass tells of a container that is not there: it cannot know whether there will be a second.
    const codes = warnings.map((text) => /([a-z]+-[a-z-]+): /.exec(text.replace('agent-injector: ', ''))?.[1]);
    expect(codes).toEqual(order === 'last' ? [] : ['no-target-container', 'container-not-found']);
    const decisions = await told('enabled');
    expect(decisions[0]).toEqual(order === 'last' ? 'injected' : ['skipped', 'no-target-container']);
  });

  test('where it is `required`, it is in it, or the pod is refused because it may start without', async () => {
    const { pod, reason } = await create('required');
    if (order === 'last') expect(pod && variable(pod, 'JAVA_TOOL_OPTIONS', 'later')).toContain('-javaagent:');
    else expect([pod, reason]).toEqual([undefined, 'no-target-container']);
  });
});

const CREATIONS = process.env['E2E_LONG'] === '1' ? 500 : 60;

test(`the audit log does not contradict itself in ${CREATIONS} creations, each called twice`, async () => {
  const again = (): number => created().filter((told) => told['again-decision'] === 'injected').length;
  const before = { all: created().length, again: again() };
  // Called first: the second pass finds a container that is new. A pod without it is called again, too, for its token.
  await beside(addsContainer(container('helper')), 'first', async () => {
    const annotations = ours({ profile: 'opentelemetry-java' });
    for (let count = 0; count < CREATIONS; count++)
      await bed.create(podOf(count % 2 === 0 ? 'enabled' : 'required', `twice-${count}`, { annotations }), {
        dryRun: false,
      });
  });
  const all = created();
  expect([all.length - before.all, again() - before.again]).toEqual([CREATIONS, CREATIONS]);
  for (const { decision, reason } of all) expect(decision === 'injected', reason).toBe(reason === undefined);
  const log = readFileSync(join(bed.controlPlane.dir, 'kube-apiserver.log'), 'utf8');
  expect(log.split('\n').filter((line) => line.includes('Failed to set admission audit annotation'))).toEqual([]);
});

/** Our annotations of each creation, by the ends of their keys. */
function created(): readonly Readonly<Record<string, string>>[] {
  return labels
    .flatMap((namespace) => audit.of(namespace))
    .filter(({ verb, objectRef }) => verb === 'create' && objectRef.resource === 'pods')
    .map(({ annotations = {} }) =>
      Object.fromEntries(
        Object.entries(annotations)
          .filter(([key]) => key.includes('agent-injector.io/'))
          .map(([key, value]) => [key.slice(key.lastIndexOf('/') + 1), value]),
      ),
    )
    .filter((told) => Object.keys(told).length > 0);
}
