import { expect, it } from 'vitest';
import { admit } from '../../../src/admission/admit.ts';
import { LifeSigns } from '../../../src/cli/status/life-signs.ts';
import type { PodClient, TextResponse } from '../../../src/cluster/client/types.ts';
import { unknownCluster } from '../../../src/kubernetes/cluster-state.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import type { SettingSources } from '../../../src/settings/resolve.ts';
import { catalogueOf, container, plainNamespace, pod, profileDocument } from '../../support/fixtures.ts';
import { readingClient } from '../../support/reading-client.ts';

const STARTED_AT = '2026-11-30T10:00:00Z';

const catalogue = catalogueOf(
  profileDocument({
    environment: [{ name: 'AGENT', value: '1' }],
    signsOfLife: { alive: [{ log: { contains: 'agent started' } }], within: 60 },
  }),
);
const namespace = plainNamespace();
let count = 0;

/** A pod of Deployment/web with the agent. */
function sourcesFor(state: JsonObject = { running: { startedAt: STARTED_AT } }, workload = 'web'): SettingSources {
  const { pod: injected } = admit(pod([container('web')]), namespace, catalogue);
  const ownerReferences = [{ kind: 'StatefulSet', name: workload, controller: true }];
  const metadata = { ...injected.metadata, name: `web-${(count += 1)}`, ownerReferences };
  const status = { phase: 'Running', containerStatuses: [{ name: 'web', restartCount: 0, state }] };
  return { pod: { ...injected, metadata, status }, namespace, catalogue, cluster: unknownCluster };
}

/** A client whose logs say this; it counts how many were read. */
function clientWith(log: TextResponse): PodClient & { readonly read: () => number } {
  let read = 0;
  return {
    ...readingClient(() => ({ kind: 'ok', body: {} })),
    getText: async () => {
      read += 1;
      return log;
    },
    exec: async () => ({ kind: 'aborted' }),
    read: () => read,
  };
}

const logOf = (text: string): TextResponse => ({ kind: 'ok', text: `${STARTED_AT} ${text}\n` });

it('is alive only with a sign that was seen', async () => {
  expect(await new LifeSigns(clientWith(logOf('agent started'))).codeOf(sourcesFor(), true)).toBe('alive');
  expect(await new LifeSigns(clientWith(logOf('app started'))).codeOf(sourcesFor(), true)).toBe('no-sign');
});

it('is unknown, with a note, where nothing could be read', async () => {
  const signs = new LifeSigns(clientWith({ kind: 'http', status: 403, reason: '', message: '', retryAfterMs: 0 }));
  expect(await signs.codeOf(sourcesFor(), true)).toBe('not-readable');
  expect(signs.notes()).toEqual([expect.stringContaining('you may not read logs')]);
});

it('is not looked for in a pod that does not run, or has no agent', async () => {
  const client = clientWith(logOf('agent started'));
  const signs = new LifeSigns(client);
  expect(await signs.codeOf(sourcesFor({ waiting: { reason: 'CrashLoopBackOff' } }), true)).toBeUndefined();
  expect(await signs.codeOf({ ...sourcesFor(), pod: pod() }, true)).toBeUndefined();
  expect(client.read()).toBe(0);
});

it('is looked for in a few pods of each workload, and says how many were left out', async () => {
  const client = clientWith(logOf('agent started'));
  const signs = new LifeSigns(client);
  for (let index = 0; index < 7; index++) await signs.codeOf(sourcesFor(), true);
  expect(await signs.codeOf(sourcesFor(undefined, 'other'), true)).toBe('alive');
  expect(client.read()).toBe(6);
  expect(signs.notes()).toEqual([expect.stringMatching(/: 2$/)]);
});
