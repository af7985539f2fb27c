import { expect, it } from 'vitest';
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
      { valueFrom: { secretKeyRef: { name: 'shop' } } },
    ],
    tlsSecretName: 'shop-tls',
    data: { 'agent-injector.yaml': expect.stringContaining('license-secret: shop\n  domain-id: 1') },
  });
});
