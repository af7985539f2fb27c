import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { root } from '../support/chart.ts';
import { podsOf } from '../support/pod.ts';
import { startBrowser, visit, type Visit, type VisitOptions } from './browser.ts';
import { startTeams, type TeamsCluster } from './mistakes.ts';
import { startUi, type Ui } from './page.ts';
import { POD_OF, screensWith } from './screens.ts';

// `npm run screenshots`: the pictures of docs/ui.md, from a real API server, a real injector and the real page.

const FOLDER = join(root, 'docs/img');
const SIZE = { width: 1120, height: 720 };
const LIMIT = 100 * 1024;

interface Picture extends VisitOptions {
  readonly file: string;
  readonly screen: string;
  /** The button that is pressed before. */
  readonly press?: RegExp;
}

const pictures: readonly Picture[] = [
  { file: 'ui-needs', screen: 'needs' },
  { file: 'ui-needs-dark', screen: 'needs', scheme: 'dark' },
  { file: 'ui-needs-ja', screen: 'needs', locale: 'ja' },
  { file: 'ui-needs-ko', screen: 'needs', locale: 'ko' },
  { file: 'ui-needs-narrow', screen: 'needs', size: { width: 390, height: 720 } },
  { file: 'ui-workloads', screen: 'workloads' },
  { file: 'ui-workload', screen: 'workload' },
  { file: 'ui-pod', screen: 'pod' },
  { file: 'ui-profiles', screen: 'profiles' },
  { file: 'ui-profile', screen: 'profile' },
  { file: 'ui-try', screen: 'try', press: /example/i },
];

let cluster: TeamsCluster;
let browser: Browser;
let ui: Ui;
let pod: string;
let cookies: Awaited<ReturnType<Visit['context']['cookies']>>;
beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  cluster = await startTeams();
  browser = await startBrowser();
  const [first] = await podsOf(cluster.client, POD_OF, 3);
  pod = first.metadata?.name ?? '';
  ui = await startUi(cluster.uiArguments);
  const opened = await visit(browser, ui.url);
  cookies = await opened.context.cookies();
  await opened.end();
});
afterAll(async () => {
  await browser?.close();
  await ui?.stop();
  await cluster?.stop();
});

it.each(pictures)('$file', async ({ file, screen, press, ...options }) => {
  const found = screensWith(pod).find(({ name }) => name === screen);
  const { page, end } = await visit(browser, `${ui.base}${found?.hash}`, { size: SIZE, ...options, cookies });
  await page.getByRole('heading', { level: 1 }).waitFor();
  const main = page.getByRole('main');
  if (found?.shows) await main.getByText(found.shows).first().waitFor();
  if (press) await main.getByRole('button', { name: press }).click();
  await page.waitForLoadState('networkidle', { timeout: 3000 }).catch(() => undefined);
  const path = join(FOLDER, `${file}.png`);
  await page.screenshot({ path, animations: 'disabled', caret: 'hide' });
  await end();
  // Fewer colours: a third of the size, and the eye does not see it.
  execFileSync('pngquant', ['--force', '--skip-if-larger', '--strip', '--quality', '70-95', '--output', path, path]);
  expect(statSync(path).size, 'bytes of the picture').toBeLessThanOrEqual(LIMIT);
});
