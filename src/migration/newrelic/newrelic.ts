import { productNames } from '../product-names.ts';
import { objectIn } from '../../lib/json.ts';
import type { KeyTable, MigrationDraft } from '../draft.ts';
import type { SourceObject } from '../model.ts';
import {
  type AgentRequest,
  nameContainers,
  requestForLabels,
  requestForNamespace,
  requestForPod,
  specPlace,
} from '../requests.ts';
import { selectorMatches } from '../../kubernetes/label-selector.ts';
import { isEmptySelector, namespacesIn, OTHER_NAMESPACES, workloadsMatching } from '../selection.ts';
import { selectedContainers } from './containers.ts';
import { NewRelicDraft, newRelicRows } from './rows.ts';

const PRODUCT = productNames.newRelic;

export const newRelic: KeyTable<NewRelicDraft> = { product: PRODUCT, rows: newRelicRows, prefixes: [] };

/** Instrumentations become annotations of the workloads and namespaces in the files that their selectors select. */
export function importNewRelic(migration: MigrationDraft): void {
  for (const object of migration.objects) {
    if (object.kind !== 'Instrumentation' || !object.apiVersion.startsWith('newrelic.com/')) continue;
    const draft = new NewRelicDraft();
    const json = objectIn(object.json, 'spec');
    migration.readFields(PRODUCT, { ...newRelic, on: 'Instrumentation' }, { json, at: specPlace(object) }, draft);
    const base = migration.profile(`newrelic-${languageOf(draft.language)}`);
    if (base) {
      migration.replace(object);
      apply(migration, object, draft, { product: PRODUCT, base, draft: draft.agent, source: object.name });
    } else
      migration.lost(PRODUCT, 'agent.language', specPlace(object, 'agent', 'language'), {
        why: `there is no profile newrelic-${languageOf(draft.language)}`,
        todo: 'keep the operator for these pods, or write a profile: docs/add-your-own-agent.md',
      });
  }
}

/** The images of PHP are for one version each. */
function languageOf(language: string): string {
  return language.replace(/^php-.*/, 'php');
}

/** All pods of a namespace get the agent from the namespace, unless labels of pods or properties of containers choose them. */
function apply(migration: MigrationDraft, object: SourceObject, draft: NewRelicDraft, request: AgentRequest): void {
  const { podSelector, namespaceSelector, containerSelector } = draft;
  const namespaces = namespacesIn(migration);
  const selected = namespaces
    .filter(({ labels }) => selectorMatches(namespaceSelector, labels))
    .map(({ name }) => name);
  const workloads = workloadsMatching(migration, new Set(selected), podSelector).filter(
    (one) => selectedContainers(one, containerSelector).length > 0,
  );
  if (choosesPods(draft)) {
    for (const workload of workloads)
      requestForPod(migration, workload, request, selectedContainers(workload, containerSelector));
    if (!isEmptySelector(podSelector))
      for (const namespace of selected) requestForLabels(migration, { namespace, podSelector }, [request]);
  } else {
    const profiles = new Map(selected.map((name) => [name, requestForNamespace(migration, name, request)]));
    for (const workload of workloads)
      nameContainers(
        migration,
        workload,
        profiles.get(workload.namespace) ?? request.base.name,
        selectedContainers(workload, containerSelector),
      );
  }
  reportRest(migration, object, draft, workloads.length);
}

function choosesPods({ podSelector, containerSelector }: NewRelicDraft): boolean {
  return !isEmptySelector(podSelector) || Object.keys(containerSelector).length > 0;
}

function reportRest(migration: MigrationDraft, object: SourceObject, draft: NewRelicDraft, workloads: number): void {
  const lost = (key: string, why: string, todo: string): void =>
    migration.lost(PRODUCT, key, specPlace(object, key), { why, todo });
  if (Object.keys(draft.containerSelector).length > 0)
    lost(
      'containerSelector',
      `it chooses containers by their properties: those of workloads in the files are named (${workloads}), those of other pods are not`,
      'import the other workloads, too',
    );
  migration.lost(PRODUCT, 'namespaceLabelSelector', specPlace(object, 'namespaceLabelSelector'), OTHER_NAMESPACES);
  const secret = draft.agent.settings.get('license-secret')?.text ?? 'newrelic-key-secret';
  lost(
    'licenseKeySecret',
    `the operator copies Secret ${secret} into the namespaces of the pods, and agent-injector copies no Secrets`,
    `create Secret ${secret} with the key new_relic_license_key in each namespace`,
  );
}
