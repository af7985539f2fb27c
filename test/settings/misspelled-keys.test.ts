import { describe, expect, it } from 'vitest';
import { admit } from '../../src/admission/admit.ts';
import { misspelledKey, intendedLabel, misplacedKeys } from '../../src/settings/misspelled-keys.ts';
import { catalogue, namespace, pod } from '../support/fixtures.ts';

const LABEL = 'agent-injector.io/injection';

describe('a key that is almost ours', () => {
  it.each([
    ['agent-injector/profile', 'agent-injector.io/profile'],
    ['agentinjector.io/profile', 'agent-injector.io/profile'],
    ['agent_injector.io/profile', 'agent-injector.io/profile'],
    ['Agent-Injector.io/Profile', 'agent-injector.io/profile'],
    ['AGENT-INJECTOR.IO/DOMAIN-ID', 'agent-injector.io/domain-id'],
    ['agent-injecter.io/profile', 'agent-injector.io/profile'],
    ['agents-injector.io/profile', 'agent-injector.io/profile'],
    ['domain-id.agentinjector.io/Worker', 'domain-id.agent-injector.io/Worker'],
    ['domain-id.agent-injector/worker', 'domain-id.agent-injector.io/worker'],
  ])('%s', (written, meant) => expect(misspelledKey(written)).toBe(meant));

  it.each([
    'agent-injector.io/profile',
    'agent-injector.io/typo',
    'domain-id.agent-injector.io/worker',
    'agent-injector.io/file.x',
    'vault.hashicorp.com/agent-inject',
    'sidecar.istio.io/inject',
    'linkerd.io/inject',
    'admission.datadoghq.com/java-lib.version',
    'instrumentation.opentelemetry.io/inject-java',
    'app.kubernetes.io/name',
    'agent-injector.vendor.example.com/profile',
    'agent-injector',
    '/profile',
    `${'a'.repeat(10_000)}/profile`,
  ])('but not %s', (other) => expect(misspelledKey(other)).toBeUndefined());

  it('is reported on pod and namespace, as annotation and as label', () => {
    const given = pod(undefined, { 'agentinjector.io/domain-id': '7' });
    const labelled = { ...given, metadata: { ...given.metadata, labels: { 'agent-injector/injection': 'required' } } };
    const { decision } = admit(labelled, namespace({ 'agent-injector/profile': 'x' }), catalogue);
    expect(decision.outcome).toBe('injected');
    expect(decision.notices).toEqual([
      {
        code: 'unknown-label',
        label: 'agent-injector/injection',
        value: 'required',
        expected: expect.stringContaining(LABEL),
      },
      {
        code: 'unknown-annotation',
        on: 'namespace',
        key: 'agent-injector/profile',
        suggestion: 'agent-injector.io/profile',
      },
      {
        code: 'unknown-annotation',
        on: 'pod',
        key: 'agentinjector.io/domain-id',
        suggestion: 'agent-injector.io/domain-id',
      },
    ]);
  });
});

describe('a namespace whose label is misspelled', () => {
  const meant = (labels: Record<string, string>, annotations: Record<string, string> = {}) =>
    intendedLabel({ labels, annotations });

  it.each([
    [{ [LABEL]: 'enable' }, 'enabled'],
    [{ [LABEL]: 'Enabled' }, 'enabled'],
    [{ [LABEL]: 'true' }, 'enabled'],
    [{ [LABEL]: 'on' }, 'enabled'],
    [{ [LABEL]: 'requierd' }, 'required'],
    [{ 'agent-injector/injection': 'enabled' }, 'enabled'],
    [{ 'agentinjector.io/injection': 'required' }, 'required'],
    [{ 'agent-injector.io/inject': 'true' }, 'enabled'],
    [{ 'agent-injector.io/injecton': 'enabled' }, 'enabled'],
  ])('%o', (labels, value) => expect(meant(labels)).toBe(`${LABEL}=${value}`));

  it('by an annotation', () => {
    expect(meant({}, { [LABEL]: 'enabled' })).toBe(`${LABEL}=enabled`);
    expect(meant({}, { 'agent-injector/injection': 'true' })).toBe(`${LABEL}=enabled`);
  });

  it.each([
    [{ [LABEL]: 'enabled' }],
    [{ [LABEL]: 'required' }],
    [{ [LABEL]: 'disabled' }],
    [{ [LABEL]: 'false' }],
    [{ [LABEL]: 'off' }],
    [{ [LABEL]: '' }],
    [{ [LABEL]: 'something-else-entirely' }],
    [{ 'istio-injection': 'enabled' }],
    [{ 'agent-injector.io/inject': 'false' }],
    [{}],
  ])('but not %o', (labels) => expect(meant(labels)).toBeUndefined());

  it('is not meant by annotations that mean something else', () => {
    expect(meant({}, { 'agent-injector.io/inject': 'true' })).toBeUndefined();
  });
});

describe('keys on the workload instead of its template', () => {
  const keysIn = (metadata: object, template: object | undefined) =>
    misplacedKeys({ kind: 'Deployment', name: 'web', metadata: metadata as never }, template as never, catalogue);

  it('are reported', () => {
    const metadata = {
      labels: { [LABEL]: 'required', app: 'web' },
      annotations: { 'agent-injector.io/domain-id': '7', 'domain-id.agent-injector.io/web': '8', other: 'x' },
    };
    const on = { code: 'misplaced-key', kind: 'Deployment', name: 'web' };
    expect(keysIn(metadata, undefined)).toEqual([
      { ...on, as: 'label', key: LABEL },
      { ...on, as: 'annotation', key: 'agent-injector.io/domain-id' },
      { ...on, as: 'annotation', key: 'domain-id.agent-injector.io/web' },
    ]);
  });

  it('are fine if they are also on the template', () => {
    const metadata = { labels: { [LABEL]: 'disabled' }, annotations: { 'agent-injector.io/domain-id': '7' } };
    expect(keysIn(metadata, metadata)).toEqual([]);
  });

  it.each([
    [undefined],
    [null],
    ['x'],
    [{ annotations: null }],
    [{ annotations: { 'agent-injector.io/status': '{}' } }],
  ])('are none in %o', (metadata) => expect(keysIn(metadata as never, undefined)).toEqual([]));
});
