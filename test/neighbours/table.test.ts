import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { auditLogIn, type AuditLog } from '../e2e/audit-log.ts';
import { addsContainer, startRecorder } from '../e2e/recorder.ts';
import { registerWebhook, type RegisteredWebhook } from '../e2e/webhook.ts';
import { ApiError, type Client } from '../support/client.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { startInjector, type Injector } from '../support/injector.ts';
import { ours } from '../support/injected-cluster.ts';
import { container, podOf, recordOf, variable, type Pod } from '../support/pod.ts';
import { textTable } from '../support/text-table.ts';
import { played, type Played } from './played.ts';

// Pods that two injectors want, in both orders. One agent is in the process, or the conflict has a name.

/** What loads an agent, by the variable that has it. */
const LOADED: readonly (readonly [variable: string, agent: RegExp])[] = [
  ['JAVA_TOOL_OPTIONS', /-javaagent:/g],
  ['NODE_OPTIONS', /--require/g],
  ['PYTHONPATH', /auto_instrumentation|bootstrap|jennifer\/admin/g],
  ['CORECLR_PROFILER', /\{/g],
];

/** The built-in profiles that want the same place as the neighbour's agent. */
const PROFILES: Readonly<Record<string, readonly string[]>> = {
  java: ['jennifer-java', 'newrelic-java', 'opentelemetry-java'],
  nodejs: ['newrelic-nodejs', 'opentelemetry-nodejs'],
  python: ['newrelic-python', 'opentelemetry-python'],
  dotnet: ['jennifer-dotnet', 'newrelic-dotnet', 'opentelemetry-dotnet'],
};

const CONFLICTS = ['slot-shared', 'foreign-agent', 'foreign-profiler', 'foreign-agent-requested'];

const SETTINGS = {
  'server-address': 'jennifer.example.com',
  'license-secret': 'license',
  'otlp-endpoint': 'http://ours:4318',
  delivery: 'initContainer',
  'agent-image': 'registry.example.com/agent:1',
};

const ORDERS = { first: 'agent-injector', last: 'zz-agent-injector' } as const;

let dir: string;
let audit: AuditLog;
let controlPlane: ControlPlane;
let client: Client;
let injector: Injector;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'agent-injector-neighbours-'));
  audit = auditLogIn(dir);
  controlPlane = await startControlPlane({ apiServerFlags: audit.flags });
  ({ client } = controlPlane);
  injector = await startInjector({ ...controlPlane, flags: { tenancy: 'open' } });
  await injector.ready();
  for (const label of ['enabled', 'required'])
    await client.createNamespace(label, { labels: ours({ injection: label }), annotations: ours(SETTINGS) });
});
afterAll(async () => {
  await injector?.stop();
  await controlPlane?.stop();
  rmSync(dir, { recursive: true });
  if (rows.length > 0)
    console.log(textTable([['neighbour', 'profile', 'order', 'label', 'agents', 'verdict'], ...rows]));
});

const rows: (readonly string[])[] = [];

interface Verdict {
  readonly agents: number;
  readonly reason: string;
}

async function create(name: string, profile: string, label: string, { asked }: Played): Promise<Verdict> {
  const annotations = { ...ours({ profile }), ...asked };
  try {
    const { object } = await client.create<Pod>(podOf(label, name, { annotations }));
    const record = recordOf(object) as { reason?: string; containers?: readonly { reason?: string }[] } | undefined;
    const reason = record?.reason ?? record?.containers?.find((one) => one.reason !== undefined)?.reason ?? '';
    return { agents: agentsIn(object), reason };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { agents: 0, reason: /\(([a-z-]+)\)/.exec(error.message)?.[1] ?? error.message };
  }
}

function agentsIn(pod: Pod): number {
  const loaded = LOADED.map(([name, agent]) => (variable(pod, name)?.match(agent) ?? []).length);
  // The Operator's startup hook is a second agent beside the profiler of another vendor.
  const isWhole = variable(pod, 'CORECLR_PROFILER')?.includes('918728DD') ?? true;
  const hooks = variable(pod, 'DOTNET_STARTUP_HOOKS')?.includes('/otel-auto-instrumentation-dotnet') ?? false;
  return loaded.reduce((sum, count) => sum + count, hooks && !isWhole ? 1 : 0);
}

async function beside<T>(neighbour: Played, order: keyof typeof ORDERS, run: () => Promise<T>): Promise<T> {
  const other = await startRecorder({ patch: neighbour.patch });
  const registered: RegisteredWebhook[] = [];
  try {
    registered.push(await registerWebhook(client, { name: 'neighbour', url: other.url, ca: other.ca }));
    registered.push(await registerWebhook(client, { name: ORDERS[order], url: injector.url, ca: injector.ca }));
    return await run();
  } finally {
    for (const one of registered) await one.remove();
    await other.stop();
  }
}

describe.each(played)('beside $name', (neighbour) => {
  const language = /\((\w+)\)/.exec(neighbour.name)?.[1] ?? '';

  test.each(['first', 'last'] as const)(
    'called %s, one agent is in the process or the conflict has a name',
    async (order) => {
      await beside(neighbour, order, async () => {
        for (const profile of PROFILES[language] ?? []) {
          for (const label of ['enabled', 'required']) {
            const name = `${language}-${profile}-${order}-${rows.length}`;
            const { agents, reason } = await create(name, profile, label, neighbour);
            rows.push([neighbour.name, profile, order, label, String(agents), reason]);
            const of = `${profile}, ${label}`;
            if (agents > 1 || reason !== '') expect(CONFLICTS, of).toContain(reason);
            expect(agents, of).toBeGreaterThanOrEqual(label === 'required' && reason !== '' ? 0 : 1);
            if (order === 'last') expect(agents, of).toBeLessThanOrEqual(1);
          }
        }
      });
    },
  );
});

test('the Operator instruments its own container beside one of an OpenTelemetry profile, in both orders', async () => {
  const [, nodejs] = played;
  if (!nodejs) throw new Error('no row');
  for (const order of ['first', 'last'] as const) {
    const annotations = {
      ...ours({ profile: 'opentelemetry-java', containers: 'app' }),
      ...nodejs.asked,
      'instrumentation.opentelemetry.io/container-names': 'web',
    };
    const spec = { containers: [container('app'), container('web')] };
    const { object } = await beside(nodejs, order, () =>
      client.create<Pod>(podOf('enabled', `two-languages-${order}`, { annotations, spec })),
    );
    expect(variable(object, 'JAVA_TOOL_OPTIONS', 'app'), order).toContain('-javaagent:');
    expect(variable(object, 'NODE_OPTIONS', 'web'), order).toContain('--require');
  }
});

const CREATIONS = process.env['E2E_LONG'] === '1' ? 500 : 60;

test(`the audit log does not contradict itself in ${CREATIONS} creations, each called twice`, async () => {
  const helper: Played = { name: 'helper', asked: {}, patch: addsContainer(container('helper')) };
  const again = (): number => created().filter((told) => told['again-decision'] === 'injected').length;
  const before = { all: created().length, again: again() };
  // Called first: the second pass finds a container that is new. A pod without it is called again, too, for its token.
  await beside(helper, 'first', async () => {
    for (let count = 0; count < CREATIONS; count++)
      await create(`twice-${count}`, 'opentelemetry-java', count % 2 === 0 ? 'enabled' : 'required', helper);
  });
  const all = created();
  expect([all.length - before.all, again() - before.again]).toEqual([CREATIONS, CREATIONS]);
  for (const { decision, reason } of all)
    expect(reason === undefined, `${decision} ${reason}`).toBe(decision === 'injected');
  const log = readFileSync(join(controlPlane.dir, 'kube-apiserver.log'), 'utf8');
  expect(log.split('\n').filter((line) => line.includes('Failed to set admission audit annotation'))).toEqual([]);
});

/** Our annotations of each creation, by the ends of their keys. */
function created(): readonly Readonly<Record<string, string>>[] {
  return ['enabled', 'required']
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
