import { afterEach, beforeEach, expect, it } from 'vitest';
import { shift, DAY } from '../../../src/certificates/describe.ts';
import { issueAuthority, issueLeaf } from '../../../src/certificates/issue.ts';
import { checkCertificates } from '../../../src/cli/check/server.ts';
import { answers, FaultyApi } from '../../support/faulty-api.ts';

const api = new FaultyApi();
beforeEach(() => api.start());
afterEach(() => api.kill());

const NAMES = ['agent-injector.apm.svc'] as const;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

it.each<[name: string, lifetimeDays: number, daysLater: number, result: string]>([
  ['a fresh certificate of the default lifetime', 7, 0, 'ok'],
  ['one that is about to be renewed', 7, 4, 'ok'],
  ['one that should have been renewed', 7, 6, 'note'],
  ['one of a quarter, fresh', 90, 0, 'ok'],
  ['one of a quarter, in its last week', 90, 84, 'note'],
])('%s: %s days, after %s: %s', async (_, lifetimeDays, daysLater, result) => {
  const at = new Date();
  const authority = await issueAuthority('agent-injector CA', NAMES, { at, lifetime: 365 * DAY });
  const leaf = await issueLeaf(authority, NAMES, { at, lifetime: lifetimeDays * DAY });
  const data = { 'tls.crt': base64(leaf.cert), 'tls.key': base64(leaf.key), 'ca.crt': base64(authority.cert) };
  api.faults.get = answers({ data }, 200);
  const clientConfig = { service: { namespace: 'apm', name: 'agent-injector' }, caBundle: base64(authority.cert) };
  const configuration = { webhooks: [{ name: 'enabled.agent-injector.io', clientConfig }] };
  const checks = await checkCertificates(await api.client(), [configuration], shift(at, daysLater * DAY));
  expect(checks).toMatchObject([{ name: 'certificate', result }]);
});
