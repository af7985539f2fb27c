import { describe, expect, it } from 'vitest';
import { admit } from '../../../src/admission/admit.ts';
import { catalogue, catalogueOf, container, namespace, opened, pod, profileDocument } from '../../support/fixtures.ts';

const known = opened(
  catalogueOf(
    profileDocument({
      parameters: [
        {
          name: 'more',
          type: 'variables',
          allowed: ['OTEL_*', 'LD_*', 'JAVA_*'],
          except: ['OTEL_SECRET_*'],
          description: 'd',
        },
        { name: 'address', type: 'url', default: 'http://a', description: 'd' },
      ],
      environment: [
        { name: 'OTEL_LOGS_EXPORTER', value: 'otlp' },
        { name: 'OTEL_ENDPOINT', value: '${address}' },
        { name: 'OTEL_GROUPED', value: '1', group: 'g' },
        { name: 'OTEL_POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'OTEL_LIST', operation: 'append', separator: ':', value: 'x' },
        { name: 'OTEL_LAST', value: '$(OTEL_POD)' },
      ],
    }),
  ),
);

function result(more: string, env: readonly object[] = []): Record<string, string | undefined> | string {
  const { decision, pod: after } = admit(pod([container('web', { env })], { more }), namespace(), known);
  if (decision.outcome !== 'injected') return decision.reason.code;
  expect(admit(after, namespace(), known).operations).toEqual([]);
  return Object.fromEntries((after.spec.containers[0]?.env ?? []).map(({ name, value }) => [name, value]));
}

describe('further variables', () => {
  it('are set, in words and lines, and stand in for plain text of the profile', () => {
    expect(result('OTEL_A=1  OTEL_B=x=y,z\n OTEL_LOGS_EXPORTER=none')).toMatchObject({
      OTEL_A: '1',
      OTEL_B: 'x=y,z',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_ENDPOINT: 'http://a',
    });
  });

  it("leave the author's own as they are", () => {
    expect(result('OTEL_A=1', [{ name: 'OTEL_A', value: 'mine' }])).toMatchObject({ OTEL_A: 'mine' });
  });

  it('are text for the kubelet', () => {
    expect(result('OTEL_A=$(OTEL_POD)$x')).toMatchObject({ OTEL_A: '$$(OTEL_POD)$$x' });
  });

  it.each([
    ['no name that the profile allows', 'MY=1'],
    ['a name that is excepted', 'OTEL_SECRET_A=1'],
    ['no assignment', 'OTEL_A'],
    ['one twice', 'OTEL_A=1 OTEL_A=2'],
    ['the linker, although a glob allows it', 'LD_PRELOAD=/tmp/x.so'],
    ['options of a JVM, although a glob allows them', 'JAVA_TOOL_OPTIONS=-javaagent:/tmp/x.jar'],
    ['a file with code', 'OTEL_JAVAAGENT_EXTENSIONS=/tmp/x.jar'],
    ['what a parameter is for', 'OTEL_ENDPOINT=http://evil'],
    ['a group', 'OTEL_GROUPED=2'],
    ['a reference', 'OTEL_POD=x'],
    ['a list', 'OTEL_LIST=x'],
    ['what refers to a variable', 'OTEL_LAST=x'],
    ['a control character', 'OTEL_A=\u0007'],
  ])('are invalid with %s', (_, text) => {
    expect(result(text)).toBe('invalid-value');
  });
});

it.each(['dotnet', 'java', 'nodejs', 'python', 'sdk'])(
  'opentelemetry-%s says that the agent is switched off by a further variable, too',
  (name) => {
    const given = pod([container('web', { image: 'app:1' })], {
      profile: `opentelemetry-${name}`,
      'otlp-endpoint': 'http://collector:4318',
      variables: 'OTEL_SDK_DISABLED=true',
    });
    const { decision } = admit(given, namespace(), catalogue);
    expect(decision).toMatchObject({ outcome: 'injected', notices: [{ code: 'advisory', advisory: 'sdk-disabled' }] });
  },
);

it.each([
  'LD_PRELOAD',
  'LD_AUDIT',
  'NODE_OPTIONS',
  'NODE_REPL_EXTERNAL_MODULE',
  'PYTHONUSERBASE',
  'PYTHONBREAKPOINT',
  'PERLLIB',
  'PERL5DB',
  'OPENSSL_CONF',
  'OPENSSL_ENGINES',
  'JAVA_OPTS_APPEND',
  'PROMPT_COMMAND',
  'PATH',
])('%s loads code, so it is not among further variables, whatever the profile allows', (name) => {
  const parameters = [{ name: 'more', type: 'variables', allowed: ['*'], description: 'd' }];
  const all = opened(catalogueOf(profileDocument({ parameters, environment: [{ name: 'AGENT', value: '1' }] })));
  const { decision } = admit(pod(undefined, { more: `${name}=/tmp/x` }), namespace(), all);
  expect(decision).toMatchObject({ outcome: 'skipped', reason: { code: 'invalid-value' } });
});
