import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, Locator, Page } from 'playwright-core';
import { english } from '../../src/page-app/texts/english.ts';
import { startControlPlane, type ControlPlane } from '../support/control-plane.ts';
import { freePort } from '../support/free-port.ts';
import { optedIn } from '../support/injected-cluster.ts';
import { podOf } from '../support/pod.ts';
import { barriers, startBrowser, visit, type Visit } from './browser.ts';
import { actsIn } from '../support/hostile-names.ts';
import { HOSTILE_NAMESPACE, MARKUP, storeHostilePods } from './hostile.ts';
import { startUi, type Ui } from './page.ts';
import { personIn } from './people.ts';

// What the page shows when there is nothing, when it waits, when it may not, when the server is away, and when all text of the cluster is hostile.

let controlPlane: ControlPlane;
let browser: Browser;
const ends: (() => Promise<void>)[] = [];
beforeAll(async () => {
  controlPlane = await startControlPlane();
  browser = await startBrowser();
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
afterAll(async () => {
  await browser?.close();
  await controlPlane?.stop();
});

async function open(
  args: readonly string[] = ['-A', '--kubeconfig', controlPlane.kubeconfigPath],
): Promise<{ ui: Ui; shown: Visit }> {
  const ui = await startUi(args);
  ends.push(() => ui.stop());
  const shown = await visit(browser, ui.url);
  ends.push(() => shown.end());
  return { ui, shown };
}

const says = (page: Page, key: keyof typeof english): Locator => page.getByText(english[key], { exact: false }).first();

describe('a screen', () => {
  it('says that it loads, until there is an answer, and that there is nothing, and how to begin', async () => {
    await controlPlane.client.createNamespace('empty', optedIn());
    const newcomer = await personIn(controlPlane, 'newcomer', ['empty']);
    const { shown, ui } = await open(['--kubeconfig', newcomer.kubeconfigPath]);
    const { page, faults } = shown;
    await says(page, 'needs.none').waitFor();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route('**/api/overview*', async (route) => {
      await held;
      await route.continue();
    });
    await page.reload();
    await says(page, 'state.loading').waitFor();
    expect(await barriers(page)).toEqual([]);
    release();
    await says(page, 'needs.none').waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.goto(`${ui.base}#/workloads`);
    await says(page, 'workloads.none').waitFor();
    expect(await barriers(page)).toEqual([]);
    expect(faults).toEqual([]);
  });

  it('says to someone without rights that they are missing', async () => {
    await controlPlane.client.createNamespace('closed', optedIn());
    const stranger = await personIn(controlPlane, 'stranger', ['closed']);
    await controlPlane.client.create(podOf('closed', 'secretive'));
    const { shown, ui } = await open(['--kubeconfig', stranger.kubeconfigPath]);
    const { page } = shown;
    await controlPlane.client.delete({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      namespace: 'closed',
      name: 'stranger-views',
    });
    await page.goto(`${ui.base}#/pod/closed/secretive`);
    await says(page, 'state.refused').waitFor();
    expect(await page.content()).not.toContain('registry.example.com');
    expect(await barriers(page)).toEqual([]);
  });

  it('asks for a token in the cluster, keeps what it showed when the server goes away, and goes on when it is back', async () => {
    await controlPlane.client.createNamespace('shown', optedIn());
    await controlPlane.client.create(podOf('shown', 'lonely'));
    const { token } = await personIn(controlPlane, 'owner', ['shown']);
    const port = String(await freePort());
    const { kubeconfigPath } = controlPlane;
    const args = ['--in-cluster', '--host', `127.0.0.1:${port}`, '--port', port, '--kubeconfig', kubeconfigPath];
    const first = await startUi(args);
    ends.push(() => first.stop());
    const { page, end, faults } = await visit(browser, `${first.base}#/workloads`);
    ends.push(end);
    await page.getByLabel(english['token.label']).fill(token);
    expect(await barriers(page)).toEqual([]);
    await page.getByRole('button', { name: english['token.send'] }).click();
    await page.getByText('lonely').first().waitFor();
    await says(page, 'connection.live').waitFor();
    await first.stop();
    const banner = page.locator('.banner').getByRole('paragraph');
    await banner.waitFor();
    expect(await page.getByText('lonely').count()).toBeGreaterThan(0);
    expect(await barriers(page)).toEqual([]);
    const second = await startUi(args);
    ends.push(() => second.stop());
    await banner.waitFor({ state: 'detached' });
    await says(page, 'connection.live').waitFor();
    expect(faults).toEqual([]);
  });
});

describe('hostile text', () => {
  it('is shown as text on every screen: no script, no markup, no dialog, no request', async () => {
    await storeHostilePods(controlPlane);
    const { shown, ui } = await open();
    const { page, faults } = shown;
    const main = page.getByRole('main');
    const hashes = [
      '#/needs',
      '#/workloads',
      `#/workload/${HOSTILE_NAMESPACE}/ReplicaSet/${encodeURIComponent(MARKUP)}`,
      `#/pod/${HOSTILE_NAMESPACE}/quiet-name`,
      `#/pod/${HOSTILE_NAMESPACE}/${encodeURIComponent('<img src=x onerror=alert(8)>')}`,
      '#/profiles',
      `#/profiles/${encodeURIComponent(MARKUP)}`,
      `#/workloads?filter=${encodeURIComponent(MARKUP)}`,
      `#/${encodeURIComponent(MARKUP)}`,
    ];
    for (const hash of hashes) {
      await page.goto(`${ui.base}${hash}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await says(page, 'state.loading').waitFor({ state: 'detached' });
      if (/^#\/(pod|workloads$)/.test(hash))
        await main
          .getByText(/onerror=alert/)
          .first()
          .waitFor();
      expect(actsIn(await page.locator('body').innerText()), hash).toEqual([]);
      const titles = await page
        .locator('[title], [aria-label]')
        .evaluateAll((all) => all.map((one) => `${one.getAttribute('title')} ${one.getAttribute('aria-label')}`));
      expect(actsIn(titles.join('\n')), hash).toEqual([]);
      expect(await main.locator('script, iframe, #interpreted, img[src="x"], svg[onload]').count(), hash).toBe(0);
    }
    expect(faults).toEqual([]);
  });
});
