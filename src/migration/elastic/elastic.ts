import { objectIn } from '../../lib/json.ts';
import { AgentDraft } from '../agent-draft.ts';
import type { KeyTable, MigrationDraft } from '../draft.ts';
import type { SourceObject } from '../model.ts';
import { requestForPod } from '../requests.ts';
import { ElasticDraft, elasticRows } from './rows.ts';

const PRODUCT = 'Elastic APM attacher';

export const elastic: KeyTable<ElasticDraft> = {
  product: PRODUCT,
  rows: elasticRows,
  prefixes: ['co.elastic.apm/'],
};

/** The annotation of pods, with the agents of the chart's values. */
export function importElastic(migration: MigrationDraft): void {
  const values = new ElasticDraft();
  let chart: SourceObject | undefined;
  for (const object of migration.objects) {
    if (object.kind !== 'Values' || Object.keys(objectIn(objectIn(object.json, 'webhookConfig'), 'agents')).length === 0)
      continue;
    chart = object;
    const at = { object, path: [] };
    migration.readFields(PRODUCT, { ...elastic, on: 'Values' }, { json: object.json, at }, values);
    migration.replace(object);
  }
  const used = new Set<string>();
  for (const workload of migration.workloads)
    for (const { key, value, at } of migration.keysOf(elastic, workload, 'annotations')) {
      used.add(value);
      const base = migration.profile(`elastic-${value}`);
      if (!base) {
        const why = `there is no profile elastic-${value}`;
        migration.lost(PRODUCT, key, at, why, 'write a profile: docs/add-your-own-agent.md');
        continue;
      }
      const draft = new AgentDraft().complete(values.agent(value));
      if (!draft.settings.has('apm-server-url')) onNode(draft);
      // A name that is the workload's, not the product's: the values have no name.
      requestForPod(migration, workload, { product: PRODUCT, base, draft, source: 'imported' });
    }
  for (const name of values.agents.keys())
    if (chart && !used.has(name) && isChanged(values.agent(name)))
      migration.lost(
        PRODUCT,
        `webhookConfig.agents.${name}`,
        { object: chart, path: ['webhookConfig', 'agents', name] },
        `no pod in the files has co.elastic.apm/attach: ${name}`,
        'import the workloads together with the values',
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
