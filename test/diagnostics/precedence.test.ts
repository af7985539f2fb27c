import { expect, it } from 'vitest';
import { explain } from '../../src/diagnostics/explanation.ts';
import { catalogueWith, container, namespace, pod } from '../support/fixtures.ts';
import { clusterTarget, target, targetsOf } from '../support/targets.ts';

const cluster = targetsOf(
  target('any', { profile: 'jennifer-java' }),
  target('web', {
    profile: 'jennifer-dotnet',
    podSelector: { matchLabels: { app: 'web' } },
    parameters: { 'domain-id': '7' },
  }),
  clusterTarget('all', { profile: 'opentelemetry-java' }),
  target('elsewhere', { profile: 'jennifer-java' }, { namespace: 'blog' }),
);
const labelled = (annotations: Record<string, string> = {}) => {
  const made = pod([container('web')], annotations);
  return { ...made, metadata: { ...made.metadata, labels: { app: 'web' } } };
};
const explained = (annotations: Record<string, string> = {}) =>
  explain({ pod: labelled(annotations), namespace: namespace(), catalogue: catalogueWith({}), cluster });

it('an explanation says which target applies, which lost to it, and which settings are from it', () => {
  const { targets, settings } = explained();
  expect(targets).toEqual([
    { target: 'AgentTarget shop/web', profile: 'jennifer-dotnet' },
    { target: 'AgentTarget shop/any', profile: 'jennifer-java', lostTo: 'AgentTarget shop/web' },
    { target: 'ClusterAgentTarget all', profile: 'opentelemetry-java', lostTo: 'AgentTarget shop/web' },
  ]);
  const chain = settings.find(({ setting }) => setting === 'domain-id');
  expect(chain?.values[0]).toEqual({ from: 'target', key: 'shop/web', text: '7', state: 'wins' });
});

it('and that an annotation of the pod decides instead of all of them', () => {
  const { targets } = explained({ profile: 'scouter-java' });
  expect(targets.map(({ lostTo }) => lostTo)).toEqual(Array(3).fill('pod annotation agent-injector.io/profile'));
});
