import { describe, expect, it } from 'vitest';
import { redacted } from '../../../src/cli/dump/redact.ts';

it('leaves out what is secret, and keeps the names of Secrets', () => {
  const secret = 'hunter2';
  const path = `/mutate/${'a'.repeat(26)}`;
  const bundle = redacted({
    env: [
      { name: 'API_TOKEN', value: secret },
      { name: 'PORT', value: '1' },
      { name: 'FROM', valueFrom: { secretKeyRef: { name: 'shop', key: 'license' } } },
    ],
    annotations: {
      'agent-injector.io/license-key': secret,
      'kubectl.kubernetes.io/last-applied-configuration': secret,
    },
    clientConfig: { caBundle: secret, service: { path } },
    data: { 'agent-injector.yaml': `defaults:\n  api-key: ${secret}\n  license-secret: shop\n  domain-id: 1\n` },
    message: `failed calling webhook https://x${path}`,
    managedFields: [secret],
    tlsSecretName: 'shop-tls',
  });
  const text = JSON.stringify(bundle);
  expect(text).not.toContain(secret);
  expect(text).not.toContain('a'.repeat(26));
  expect(bundle).toMatchObject({
    env: [
      { name: 'API_TOKEN', value: '[redacted]' },
      { name: 'PORT', value: '1' },
      { valueFrom: { secretKeyRef: { name: 'shop', key: 'license' } } },
    ],
    tlsSecretName: 'shop-tls',
    data: { 'agent-injector.yaml': expect.stringContaining('license-secret: shop\n  domain-id: 1') },
  });
});

/** A profile with a secret at each place where one can stand. `KEPT` marks what a report needs. */
const profile = `
apiVersion: agent-injector.io/v1alpha1
kind: AgentProfile
metadata: {name: KEPT-java}
spec:
  advisories:
    - code: old
      signs:
        - {in: environment, name: [ACME_TOKEN, OTHER], equals: SECRET-equals1}
        - {in: command, contains: --password=SECRET-command}
  parameters:
    # the old license-key was SECRET-comment
    - {name: license-key, default: SECRET-default}
    - {name: access-pin, type: integer, default: 736251}
    - name: collector
      type: url
      default: "http://user:SECRET@url@KEPT.acme:4000/?token=SECRET-query&KEPT=1"
    - {name: api-token, type: enum, values: [SECRET-values], default: "\${KEPT}"}
  variants:
    - {name: access-token, from: KEPT-region, values: {KEPT-eu: SECRET-variant}}
  deliveries:
    - type: csi
      driver: KEPT.example.com
      attributes: {password: SECRET-attribute, share: KEPT}
    - type: initContainer
      image: registry.example.com/KEPT:1
      command: [fetch, --token, SECRET-argument, --license=SECRET-argument2, KEPT]
  files:
    - path: /acme/acme.xml
      content: <add key="licenseKey" value="SECRET-content"/>
  environment:
    - {name: ACME_TOKEN, value: SECRET-value}
    - {name: ACME_KEY, value: "SECRET-key-value"}
    - {name: ACME_HEADERS, value: "Authorization=Basic SECRET-headers"}
    - {name: JAVA_TOOL_OPTIONS, operation: append, separator: " ", value: "-Dacme.license.key=SECRET-option -javaagent:/KEPT.jar"}
    - {name: ACME_LICENSE_KEY, value: "\${license-key}"}
    - {name: ACME_COLLECTOR, value: "\${KEPT}"}
  tests:
    - name: the key is used
      namespace: {license-key: SECRET-test, collector: "http://u:SECRET-p@KEPT"}
      expect:
        environment: {ACME_TOKEN: SECRET-expected, ACME_OPTIONS: used SECRET-default here}
`;

describe('the documents of own profiles', () => {
  const bundle = redacted({
    profiles: { kind: 'ConfigMap', data: { 'acme.yaml': profile, 'two.yaml': `${profile}---${profile}` } },
    checks: ['"SECRET-default" is not valid', 'ACME_KEY: SECRET-key-value'],
  });
  const text = JSON.stringify(bundle);

  it('have no value that can be secret, at whatever place', () => {
    expect(text.match(/.{0,30}(?:SECRET|736251).{0,20}/g)).toBe(null);
  });

  it('keep what a report needs', () => {
    const one = (bundle as { profiles: { data: Record<string, string> } }).profiles.data['acme.yaml'] ?? '';
    expect(one.match(/KEPT/g)?.length).toBe((profile.match(/KEPT/g) ?? []).length);
    expect(one).toContain('${license-key}');
  });

  it('are left out if they cannot be read: nothing says where the secret is', () => {
    const data = { 'a.yaml': 'spec:\n\t- {name: license-key,\n  default: SECRET-broken\n' };
    expect(JSON.stringify(redacted({ data }))).not.toContain('SECRET-broken');
  });
});

it('reads a long text in linear time', () => {
  const long = `${'a://'.repeat(50_000)} ${'a'.repeat(200_000)} ${'token'.repeat(40_000)} ${"'".repeat(100_000)}`;
  expect(JSON.stringify(redacted([long])).length).toBe(long.length + 4);
});

it.each(['author', 'authority', 'topologyKey', 'license-secret', 'secretName', 'automountServiceAccountToken'])(
  'keeps %s',
  (name) =>
    expect(redacted({ [name]: name === 'automountServiceAccountToken' ? true : 'KEPT' })).not.toEqual({
      [name]: '[redacted]',
    }),
);
