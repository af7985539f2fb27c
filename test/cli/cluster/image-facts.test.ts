import { describe, expect, it } from 'vitest';
import { readClusterFacts } from '../../../src/cli/cluster/image-facts.ts';
import type { ApiResponse } from '../../../src/cluster/client/types.ts';
import { decisionOptionsIn } from '../../../src/config/decision-options.ts';
import { readingClient } from '../../support/reading-client.ts';

const options = decisionOptionsIn({ imageFacts: 'agent-injector/facts' });

const http = (status: number): ApiResponse => ({ kind: 'http', status, reason: '', message: '', retryAfterMs: 0 });

async function knownWith(answer: ApiResponse): Promise<unknown> {
  const client = readingClient(() => answer);
  const lookup = options && (await readClusterFacts(client, options));
  return lookup?.('registry.example.com/shop/web:1');
}

describe('the facts about images of a cluster', () => {
  it('that may not be read are not taken for none', async () => {
    expect(await knownWith(http(403))).toBe('unreadable');
    expect(await knownWith(http(500))).toBe('unreadable');
  });

  it('that do not exist are none', async () => {
    expect(await knownWith(http(404))).toBeUndefined();
    expect(await knownWith({ kind: 'ok', body: {} })).toBeUndefined();
  });

  it('are read as the server reads them', async () => {
    const images = [
      { image: 'registry.example.com/shop/web:1', read: new Date().toISOString(), platforms: ['linux/amd64'] },
    ];
    const facts = JSON.stringify({ apiVersion: 'agent-injector.io/v1alpha1', kind: 'ImageFacts', images });
    expect(await knownWith({ kind: 'ok', body: { data: { facts } } })).toMatchObject({ by: 'tag' });
  });
});
