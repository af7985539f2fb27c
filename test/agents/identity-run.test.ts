import { describe, expect, it } from 'vitest';
import type { Container } from '../../src/kubernetes/pod.ts';
import { whyNoNamespaces } from './container.ts';
import { runAgent } from './run-agent.ts';
import { isFolder, runtimes } from './runtimes.ts';
import { agents, filesOf, type Agent } from './table.ts';
import type { Way } from './ways.ts';

// What the author says of the service is what the SDKs of OpenTelemetry report, wherever it is said and however our own attributes are merged with it.

const MINE = 'mine-7';

const nothing = { container: () => ({}), annotations: () => ({}), configMaps: () => new Map<string, never>() };
const withEnv = (...env: NonNullable<Container['env']>): Pick<Way, 'container'> => ({ container: () => ({ env }) });
const attributes = 'OTEL_RESOURCE_ATTRIBUTES';
const configMaps = (data: Readonly<Record<string, string>>): Pick<Way, 'configMaps'> => ({
  configMaps: () => new Map([['shop-settings', data]]),
});

interface Statement extends Way {
  readonly reported: string;
}

const statements: readonly Statement[] = [
  { ...nothing, name: 'nothing', reported: 'web' },
  { ...nothing, name: 'OTEL_SERVICE_NAME', ...withEnv({ name: 'OTEL_SERVICE_NAME', value: MINE }), reported: MINE },
  {
    ...nothing,
    name: 'service.name in OTEL_RESOURCE_ATTRIBUTES',
    ...withEnv({ name: attributes, value: `team=a,service.name=${MINE}` }),
    reported: MINE,
  },
  {
    ...nothing,
    name: 'OTEL_RESOURCE_ATTRIBUTES of a ConfigMap',
    ...withEnv({ name: attributes, valueFrom: { configMapKeyRef: { name: 'shop-settings', key: 'attributes' } } }),
    ...configMaps({ attributes: `service.name=${MINE},team=a` }),
    reported: MINE,
  },
  {
    ...nothing,
    name: 'OTEL_RESOURCE_ATTRIBUTES by envFrom',
    container: () => ({ envFrom: [{ configMapRef: { name: 'shop-settings' } }] }),
    ...configMaps({ [attributes]: `service.name=${MINE}` }),
    reported: MINE,
  },
  {
    ...nothing,
    name: 'the annotation resource.opentelemetry.io/service.name',
    annotations: () => ({ 'resource.opentelemetry.io/service.name': MINE }),
    reported: MINE,
  },
  {
    ...nothing,
    name: 'a variable that wins over the annotation',
    ...withEnv({ name: attributes, value: `service.name=${MINE}` }),
    annotations: () => ({ 'resource.opentelemetry.io/service.name': 'annotated' }),
    reported: MINE,
  },
];

const isRequired = process.env['E2E_AGENTS_REQUIRED'] === '1';
const noNamespaces = whyNoNamespaces();
const sdks = ['opentelemetry-java', 'opentelemetry-nodejs', 'opentelemetry-python'];

function agentOf(profile: string): Agent {
  const found = agents().find((agent) => agent.profile === profile);
  if (!found) throw new Error(`agents.yaml has no ${profile}`);
  return found;
}

describe.each(sdks.map(agentOf))('$profile reports the service of the author', (agent) => {
  const found = runtimes.get(agent.runtime);
  const canRun = found?.ok === true && noNamespaces === undefined && isFolder(filesOf(agent));

  it.skipIf(!canRun && !isRequired).concurrent.each(statements)('from: $name', async (statement) => {
    if (!found?.ok) throw new Error(found?.missing ?? 'no runtime');
    const { services, output } = await runAgent(
      { ...agent, signs: [{ service: statement.reported }] },
      found.runtime,
      statement,
    );
    expect([...new Set(services)], output.slice(-3000)).toEqual([statement.reported]);
  });
});
