import { expect, it } from 'vitest';
import { checkPolicies, type PolicyObjects } from '../../src/diagnostics/admission-policies.ts';
import type { JsonObject } from '../../src/lib/json.ts';

const none: PolicyObjects = {
  mutating: [],
  mutatingBindings: [],
  validating: [],
  validatingBindings: [],
  validatingWebhooks: [],
};
const pods = { apiGroups: [''], operations: ['CREATE'], resources: ['pods'] };
const policy = (name: string, rule: JsonObject = pods): JsonObject => ({
  metadata: { name },
  spec: { matchConstraints: { resourceRules: [rule] } },
});
const binding = (policyName: string, ...validationActions: string[]): JsonObject => ({
  spec: { policyName, validationActions },
});

it('without policies, there is nothing to note', () => {
  expect(checkPolicies(none)).toMatchObject([{ result: 'ok' }]);
});

it('policies that change pods are named, if they are bound', () => {
  const checks = checkPolicies({
    ...none,
    mutating: [policy('sidecar'), policy('unbound'), policy('services', { ...pods, resources: ['services'] })],
    mutatingBindings: [binding('sidecar'), binding('services')],
  });
  expect(checks).toMatchObject([{ result: 'note', message: expect.stringContaining('sidecar') }]);
});

it('policies and webhooks that may refuse pods are named in one note', () => {
  const webhook = { metadata: { name: 'gatekeeper' }, webhooks: [{ name: 'check.example.com', rules: [pods] }] };
  const checks = checkPolicies({
    ...none,
    validating: [policy('volumes'), policy('audited'), policy('unbound')],
    validatingBindings: [binding('volumes', 'Deny'), binding('audited', 'Audit')],
    validatingWebhooks: [webhook],
  });
  expect(checks).toHaveLength(1);
  expect(checks[0]?.message).toMatch(/volumes, gatekeeper/);
  expect(checks[0]?.message).not.toMatch(/audited|unbound/);
});
