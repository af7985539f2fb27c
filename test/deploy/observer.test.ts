import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { optionNames } from '../../src/config/options.ts';
import { variableOf } from '../../src/config/option-names.ts';
import type { KubeObject } from '../support/client.ts';
import { podSpecs, render } from '../support/chart.ts';
import { helm } from '../support/deploy-tools.ts';

// The observer is a Deployment of its own, with permissions of its own, and only where it is switched on.

const on = (...more: readonly string[]): readonly KubeObject[] =>
  render('default', { args: ['--set', 'observer.enabled=true', ...more] });
const named = (objects: readonly KubeObject[], kind: string, name: string): KubeObject => {
  const found = objects.find((one) => one.kind === kind && one.metadata?.name === name);
  if (!found) throw new Error(`no ${kind} ${name}`);
  return found;
};
const rulesOf = (objects: readonly KubeObject[], kind: string, name: string): string =>
  JSON.stringify(named(objects, kind, name)['rules']);

describe.skipIf(helm === undefined)('the observer of the chart', () => {
  it('is off by default', () => {
    const text = JSON.stringify(render('default'));
    expect(text).not.toContain('observer');
    expect(text).not.toContain('agent-injector-breaker');
  });

  it('has settings that are valid', () => {
    const [pod] = podSpecs([named(on(), 'Deployment', 'agent-injector-observer')]);
    const environment = Object.fromEntries(pod?.containers[0]?.env?.map(({ name, value }) => [name, value]) ?? []);
    expect(readConfig({}, environment)).toMatchObject({ ok: true, value: { breakerAction: 'report' } });
    for (const name of Object.keys(environment)) expect(optionNames.map(variableOf)).toContain(name);
  });

  it('writes the ConfigMap that the servers watch, which has no data of the release', () => {
    const objects = on();
    const text = JSON.stringify(named(objects, 'Deployment', 'agent-injector-observer'));
    expect(text).toContain('{"name":"AGENT_INJECTOR_BREAKER","value":"agent-injector/agent-injector-breaker"}');
    const file = JSON.stringify(named(objects, 'ConfigMap', 'agent-injector')['data']);
    expect(file).toContain('breaker: agent-injector/agent-injector-breaker');
    expect(named(objects, 'ConfigMap', 'agent-injector-breaker')).not.toHaveProperty('data');
    expect(named(objects, 'Lease', 'agent-injector-observer')).not.toHaveProperty('spec');
  });

  it('is selected by nothing of the webhook', () => {
    const objects = on();
    const { spec } = named(objects, 'Service', 'agent-injector') as unknown as {
      spec: { selector: Record<string, string> };
    };
    const template = (
      named(objects, 'Deployment', 'agent-injector-observer') as unknown as { spec: { template: KubeObject } }
    ).spec.template;
    const labels = template.metadata?.labels ?? {};
    expect(Object.entries(spec.selector).every(([key, value]) => labels[key] === value)).toBe(false);
  });

  it('may evict only with the action evict, and gives the servers no pods to read', () => {
    expect(rulesOf(on(), 'ClusterRole', 'agent-injector-observer')).not.toContain('eviction');
    expect(rulesOf(on('--set', 'observer.breaker.action=evict'), 'ClusterRole', 'agent-injector-observer')).toContain(
      'pods/eviction',
    );
    const without = render('default', { args: ['--set', 'audit.enabled=false'] });
    const objects = on('--set', 'audit.enabled=false');
    expect(rulesOf(objects, 'ClusterRole', 'agent-injector')).toBe(rulesOf(without, 'ClusterRole', 'agent-injector'));
    expect(rulesOf(objects, 'Role', 'agent-injector-breaker')).toBe(
      '[{"apiGroups":[""],"resources":["configmaps"],"resourceNames":["agent-injector-breaker"],"verbs":["list","watch"]}]',
    );
  });

  it('lets those read the breakers who may read by what the servers decide', () => {
    const readers = ['--set-json', 'cli.readers=[{"kind":"Group","name":"team"}]'];
    expect(rulesOf(on(...readers), 'Role', 'agent-injector-cli')).toContain('agent-injector-breaker');
    const without = rulesOf(render('default', { args: readers }), 'Role', 'agent-injector-cli');
    expect(without).not.toContain('agent-injector-breaker');
  });

  it('requires the label, without which it would see nothing', () => {
    expect(() => on('--set', 'podLabel=false')).toThrow(/podLabel/);
  });
});
