import { productNames } from '../product-names.ts';
import { objectIn } from '../../lib/json.ts';
import { AgentDraft } from '../agent-draft.ts';
import type { FoundKey, KeyTable, MigrationDraft } from '../draft.ts';
import type { SourceObject } from '../model.ts';
import { requestForPod } from '../requests.ts';
import { ElasticDraft, elasticRows } from './rows.ts';

const PRODUCT = productNames.elastic;

export const elastic: KeyTable<ElasticDraft> = {
  product: PRODUCT,
  rows: elasticRows,
  prefixes: ['co.elastic.apm/'],
};

interface Chart {
  readonly object: SourceObject;
  readonly values: ElasticDraft;
}

/** The annotation of pods, with the agents of the chart's values. */
export function importElastic(migration: MigrationDraft): void {
  const charts = migration.objects.filter(isChart).map((object) => read(migration, object));
  const used = new Set<string>();
  for (const workload of migration.workloads)
    for (const found of migration.keysOf(elastic, workload, 'annotations')) {
      used.add(found.value);
      const draft = charts.reduce((all, { values }) => all.complete(values.agent(found.value)), new AgentDraft());
      request(migration, workload, found, draft);
    }
  for (const chart of charts) reportUnused(migration, chart, used);
}

function isChart({ kind, json }: SourceObject): boolean {
  return kind === 'Values' && Object.keys(objectIn(objectIn(json, 'webhookConfig'), 'agents')).length > 0;
}

function read(migration: MigrationDraft, object: SourceObject): Chart {
  const values = new ElasticDraft();
  const whole = { json: object.json, at: { object, path: [] } };
  migration.readFields(PRODUCT, { ...elastic, on: 'Values' }, whole, values);
  migration.replace(object);
  return { object, values };
}

function request(
  migration: MigrationDraft,
  workload: SourceObject,
  { key, value, at }: FoundKey<ElasticDraft>,
  draft: AgentDraft,
): void {
  const base = migration.profile(`elastic-${value}`);
  if (!base) {
    const todo = 'write a profile: docs/add-your-own-agent.md';
    migration.lost(PRODUCT, key, at, { why: `there is no profile elastic-${value}`, todo });
    return;
  }
  if (!draft.settings.has('apm-server-url')) onNode(draft);
  // Values have no name.
  requestForPod(migration, workload, { product: PRODUCT, base, draft, source: 'imported' });
}

function reportUnused(migration: MigrationDraft, { object, values }: Chart, used: ReadonlySet<string>): void {
  for (const [name, agent] of values.agents)
    if (!used.has(name) && isChanged(agent))
      migration.lost(
        PRODUCT,
        `webhookConfig.agents.${name}`,
        { object, path: ['webhookConfig', 'agents', name] },
        {
          why: `no pod in the files has co.elastic.apm/attach: ${name}`,
          todo: 'import the workloads together with the values',
        },
      );
}

function isChanged({ settings, variables }: AgentDraft): boolean {
  return settings.size + variables.size > 0;
}

/** Without an address, the attacher says the APM Server on the pod's node. */
function onNode(draft: AgentDraft): void {
  draft.parameters.push({ name: 'apm-server-url', references: ['HOST_IP'], default: 'http://$(HOST_IP):8200' });
  draft.nodeVariables.push({ name: 'HOST_IP', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } });
}
