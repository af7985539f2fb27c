import { describe, expect, it } from 'vitest';
import { render } from '../support/chart.ts';
import type { KubeObject } from '../support/client.ts';
import { helm } from '../support/deploy-tools.ts';

interface Rule {
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const own = (...args: readonly string[]): readonly KubeObject[] =>
  render('default', { args: ['--no-hooks', '--set', 'ui.enabled=true', ...args] }).filter(({ metadata }) =>
    metadata?.name?.startsWith('agent-injector-ui'),
  );

const rulesOf = (objects: readonly KubeObject[]): readonly Rule[] =>
  objects.flatMap((object) => (object['rules'] as readonly Rule[] | undefined) ?? []);

describe.skipIf(helm === undefined)('the page of the chart', () => {
  it('is off by default', () => {
    expect(
      render('default', { args: ['--no-hooks'] }).filter(({ metadata }) => metadata?.name?.endsWith('-ui')),
    ).toEqual([]);
  });

  it('may write nothing and read no Secret: it asks who a viewer is, and what the viewer may', () => {
    const rules = rulesOf(own());
    const created = rules.filter(({ verbs }) => verbs.includes('create')).flatMap(({ resources }) => resources);
    expect(created.toSorted()).toEqual(['subjectaccessreviews', 'tokenreviews']);
    const verbs = new Set(rules.flatMap((rule) => rule.verbs));
    expect([...verbs].toSorted()).toEqual(['create', 'get', 'list']);
    const resources = rules.flatMap((rule) => rule.resources);
    for (const name of ['secrets', 'pods/log', 'pods/exec', 'pods/proxy', '*']) expect(resources).not.toContain(name);
  });

  it('may read the facts about images that the servers watch, where they are enabled', () => {
    const isRead = (...args: readonly string[]): boolean =>
      JSON.stringify(own(...args).filter(({ kind }) => kind === 'Role')).includes('"agent-injector-image-facts"');
    expect(isRead()).toBe(false);
    expect(isRead('--set', 'imageFacts.enabled=true')).toBe(true);
  });

  it('is another process than the webhook: no label, Service or port is shared', () => {
    const objects = own();
    const service = objects.find(({ kind }) => kind === 'Service');
    expect(service?.['spec']).toMatchObject({ selector: { 'app.kubernetes.io/name': 'agent-injector-ui' } });
    const deployment = JSON.stringify(objects.find(({ kind }) => kind === 'Deployment'));
    expect(deployment).toContain('"args":["ui","--in-cluster","--port=8081"]');
    expect(deployment).toContain('"serviceAccountName":"agent-injector-ui"');
  });

  it('is reached only by those whom the values name, and answers to the names of the values', () => {
    const closed = own('--set', 'networkPolicy.enabled=true').find(({ kind }) => kind === 'NetworkPolicy');
    expect(closed?.['spec']).toMatchObject({ policyTypes: ['Ingress', 'Egress'] });
    expect(closed?.['spec']).not.toHaveProperty('ingress');
    const named = own('--set-json', 'ui.hosts=["agents.example.com"]').find(({ kind }) => kind === 'Deployment');
    expect(JSON.stringify(named)).toContain('--host=agents.example.com');
  });

  it('may read the metrics of the servers, and nothing else that is no API server', () => {
    const policies = render('default', {
      args: ['--no-hooks', '--set', 'ui.enabled=true', '--set', 'ports.admin=9191'],
    }).filter(({ kind }) => kind === 'NetworkPolicy');
    const specOf = (name: string) => policies.find(({ metadata }) => metadata?.name === name)?.['spec'];
    const ports = [{ protocol: 'TCP', port: 9191 }];
    const labelsOf = (name: string) => ({
      podSelector: { matchLabels: expect.objectContaining({ 'app.kubernetes.io/name': name }) },
    });
    expect(specOf('agent-injector')).toMatchObject({
      ingress: expect.arrayContaining([{ ports, from: [labelsOf('agent-injector-ui')] }]),
    });
    expect(specOf('agent-injector-ui')).toMatchObject({
      egress: [expect.anything(), { ports, to: [labelsOf('agent-injector')] }],
    });
    const without = render('default', { args: ['--no-hooks'] }).filter(({ kind }) => kind === 'NetworkPolicy');
    expect(JSON.stringify(without)).not.toContain('agent-injector-ui');
  });
});
