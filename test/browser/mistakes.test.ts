/// <reference lib="dom" />
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import type { Overview } from '../../src/page/wire.ts';
import { waitUntil } from '../support/wait-for.ts';
import { startBrowser, visit, type Visit } from './browser.ts';
import { mistakes, startTeams, type TeamsCluster } from './mistakes.ts';
import { startUi, type Ui } from './page.ts';

// Twelve teams have made a mistake each. The page shows all, the gravest first, and what to do.

let cluster: TeamsCluster;
let browser: Browser;
let ui: Ui;
let shown: Visit;
beforeAll(async () => {
  cluster = await startTeams();
  browser = await startBrowser();
  ui = await startUi(cluster.uiArguments);
  shown = await visit(browser, ui.url);
  await shown.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: ui.origin });
  await shown.page.getByRole('main').getByText('payments').first().waitFor();
});
afterAll(async () => {
  await browser?.close();
  await ui?.stop();
  await cluster?.stop();
});

const overview = (): Promise<Overview> =>
  shown.page.evaluate(async () => (await (await fetch('api/overview')).json()) as Overview);

it('knows each of the twelve for what it is', async () => {
  expect(mistakes).toHaveLength(12);
  const { needs } = await overview();
  for (const { namespace, kind, code } of mistakes) {
    const found = needs.filter((need) => need.affected.some((one) => one.namespace === namespace));
    expect(found, namespace).toContainEqual(expect.objectContaining({ kind, ...(code !== undefined && { code }) }));
    for (const { message, fix, hint, ...one } of found.flatMap((need) => need.affected))
      expect(message !== '' && (fix ?? hint), `what to do about ${one.namespace}: ${message}`).toBeTruthy();
  }
  const first = needs.find(({ kind }) => kind !== 'server');
  expect(first?.kind).toBe('breaker');
});

it('leads from the first row to its fix in a click, and from any other in two', async () => {
  const { page, faults } = shown;
  const { needs } = await overview();
  const fix = needs[0]?.affected[0]?.fix ?? '';
  expect(fix).not.toBe('');
  const main = page.getByRole('main');
  const button = main.getByRole('button', { name: /copy/i }).first();
  // The first group is open: its fix is one click away. Those of the others are two.
  await button.click();
  const copied = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
  await waitUntil('the fix to be copied', copied, (text) => text === fix);
  const [, second] = needs.filter((need) => need.affected[0]?.fix !== undefined);
  const group = main.getByRole('listitem').filter({ hasText: second?.code ?? '' });
  await group.getByRole('heading', { level: 2 }).getByRole('button').click();
  await group.getByRole('button', { name: /copy/i }).first().click();
  await waitUntil('the other fix to be copied', copied, (text) => text === second?.affected[0]?.fix);
  expect(faults).toEqual([]);
});

it('names each of the twelve on the first screen, once its groups are open', async () => {
  const main = shown.page.getByRole('main');
  const groups = main.getByRole('heading', { level: 2 }).getByRole('button');
  for (const group of await groups.all())
    if ((await group.getAttribute('aria-expanded')) === 'false') await group.click();
  const text = await main.innerText();
  for (const { namespace } of mistakes) expect(text).toContain(namespace);
});

it('shows a new mistake without a reload, and that it is gone', async () => {
  const { page } = shown;
  const { client } = cluster;
  await client.createNamespace('late', { labels: { 'agent-injector.io/injection': 'enalbed' } });
  await page.getByRole('main').getByText('late').first().waitFor();
  await client.delete({ kind: 'Namespace', name: 'late' });
  await page.getByRole('main').getByText('late').first().waitFor({ state: 'detached' });
});
