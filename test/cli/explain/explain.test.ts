import { describe, expect, it } from 'vitest';
import type { ExplanationResult } from '../../../src/cli/explain/result.ts';
import { run } from '../../support/process.ts';

const pod = (spec: object, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', ...metadata },
  spec,
});
const web = { containers: [{ name: 'web', image: 'registry.example.com/web:1' }] };

const explainOf = async (document: object, ...args: readonly string[]): Promise<ExplanationResult> => {
  const { code, stdout, stderr } = await run(['explain', '-f', '-', '-o', 'json', ...args], {
    stdin: JSON.stringify(document),
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { explained } = JSON.parse(stdout) as { explained: readonly ExplanationResult[] };
  expect(explained).toHaveLength(1);
  return explained[0] as ExplanationResult;
};

const address = ['--set', 'server-address=jennifer.example.com'];

describe('explain', () => {
  it('lists the checks of the server in order, up to the first that fails', async () => {
    const { decision } = await explainOf(pod(web));
    expect(decision.reason?.code).toBe('missing-parameter');
    const stages = decision.path.map(({ stage }) => stage);
    const order = [
      'opt-in',
      'containers',
      'compatibility',
      'parameters',
      'conflicts',
      'delivery',
      'files',
      'environment',
    ];
    expect([...new Set(stages)]).toEqual(order.slice(0, 4));
    expect(decision.path.filter(({ reason }) => reason)).toEqual([decision.path.at(-1)]);
    const whole = await explainOf(pod(web), ...address);
    expect(whole.decision.outcome).toBe('injected');
    expect([...new Set(whole.decision.path.map(({ stage }) => stage))]).toEqual(order);
    expect(whole.decision.path.filter(({ reason }) => reason)).toEqual([]);
    // A sentence, also of a check that fails: no name that reads like true or false.
    for (const { condition } of [...decision.path, ...whole.decision.path]) expect(condition).toMatch(/\S \S/);
  });

  it('shows every source of a value, and which one applies', async () => {
    const annotations = { 'agent-injector.io/domain-id': '3', 'domain-id.agent-injector.io/web': '4' };
    const { decision } = await explainOf(pod(web, { annotations }), ...address, '--set', 'domain-id=2');
    const chain = decision.settings.find(({ setting, container }) => setting === 'domain-id' && container === 'web');
    expect(chain?.values).toEqual([
      { from: 'container', key: 'domain-id.agent-injector.io/web', text: '4', state: 'wins' },
      { from: 'pod', key: 'agent-injector.io/domain-id', text: '3', state: 'overridden' },
      { from: 'namespace', key: 'agent-injector.io/domain-id', text: '2', state: 'overridden' },
      { from: 'profile', text: '1000', state: 'overridden' },
    ]);
    expect(decision.changes.containers[0]?.environment.at(-1)).toEqual({
      name: 'ARIES_DOMAIN_ID',
      after: { name: 'ARIES_DOMAIN_ID', value: '4' },
    });
  });

  it('shows where the delivery was chosen', async () => {
    const { decision } = await explainOf(pod(web), ...address, '--set', 'delivery=preinstalled');
    expect(decision.deliveries).toEqual([
      {
        container: 'web',
        profile: 'jennifer-dotnet',
        delivery: 'preinstalled',
        namedBy: 'namespace annotation agent-injector.io/delivery',
        skipped: [],
      },
    ]);
    const jobless = await explainOf(pod(web), ...address, '--set', 'delivery=bakd');
    expect(jobless.decision.reason).toMatchObject({
      code: 'unknown-delivery',
      docs: 'docs/reasons.md#unknown-delivery',
    });
  });

  it('says of a pod that carries its agent that it was injected, and never to remove it', async () => {
    const labels = { 'agent-injector.io/injection': 'enabled' };
    const injected = await run(['inject', '-f', '-', ...address], { stdin: JSON.stringify(pod(web, { labels })) });
    const explained = async (stdin: string): Promise<readonly string[]> =>
      (await run(['explain', '-f', '-', ...address], { stdin })).stdout.split('\n');
    const lines = await explained(injected.stdout);
    expect(lines[1]).toBe(
      '  injected when it was created: jennifer-dotnet into container web by persistentVolumeClaim',
    );
    expect(lines.join('\n')).not.toMatch(/not injected|remove/);
    // A record that the pod does not bear out is no injection.
    const forged = injected.stdout.replace('CORECLR_PROFILER_PATH', 'OTHER');
    expect((await explained(forged))[1]).not.toContain('injected when it was created');
    // What would be decided now matters if it is something else.
    const optedOut = injected.stdout.replace('"enabled"', '"disabled"');
    expect((await explained(optedOut)).slice(1, 4).join()).toMatch(/injected when .*,.*not injected: opted out/);
  });

  it('explains a recorded AdmissionReview', async () => {
    const review = {
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: {
        uid: 'u',
        operation: 'CREATE',
        namespace: 'shop',
        resource: { group: '', version: 'v1', resource: 'pods' },
        object: pod(web, {
          generateName: 'web-',
          name: undefined,
          labels: { 'agent-injector.io/injection': 'disabled' },
        }),
      },
    };
    const { code, stdout } = await run(['explain', '--review', '-'], { stdin: JSON.stringify(review) });
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Pod\/web-\* in namespace shop \(standard input\)\n {2}not injected: opted out by pod label/,
    );
  });

  it.each([
    [
      'a misspelled label',
      'enable',
      'namespace shop has label agent-injector.io/injection="enable"; did you mean "agent-injector.io/injection=enabled"?',
      '=enabled --overwrite',
    ],
    ['the label "true"', '"true"', 'did you mean "agent-injector.io/injection=enabled"?', '=enabled --overwrite'],
  ])('suggests the command that fixes a namespace with %s', async (_, label, message, flag) => {
    const namespace = `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels: {agent-injector.io/injection: ${label}}\n---\n`;
    const { stdout } = await run(['explain', '-f', '-'], { stdin: namespace + JSON.stringify(pod(web)) });
    expect(stdout).toContain(message);
    expect(stdout).toContain(`$ kubectl label namespace shop agent-injector.io/injection${flag}\n`);
  });

  it('keeps a command at the end of a hint apart from what follows', async () => {
    const { stdout } = await run(['explain', '-f', '-', '--profile', 'nope'], { stdin: JSON.stringify(pod(web)) });
    expect(stdout).toContain('agent-injector profiles (');
  });

  it.each([
    ['no source', ['explain'], 'exactly one of a pod or workload (or --selector), --file and --review is required'],
    [
      'two sources',
      ['explain', 'pod/x', '-f', '-'],
      'exactly one of a pod or workload (or --selector), --file and --review is required',
    ],
    ['a flag that a cluster leaves no room for', ['explain', 'web', '-n', 'shop', ...address], '--set'],
    ['an invalid review', ['explain', '--review', '-'], 'send an AdmissionReview'],
    ['a file without pods', ['explain', '-f', '-'], 'contains no pods or workloads'],
    ['an unknown output format', ['explain', '-f', '-', '-o', 'xml'], 'Allowed choices are text, json, yaml.'],
  ])('fails with exit code 2 for %s', async (_, args, text) => {
    const { code, stdout, stderr } = await run(args, { stdin: '{"kind":"Other"}' });
    expect(stderr).toContain(text);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});
