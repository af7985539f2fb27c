/// <reference lib="dom" />
import { source as axe } from 'axe-core';
import type { AxeResults } from 'axe-core';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { chromiumPath } from './places.ts';

/** Less than the timeout of a test, so that the error says what was not there. */
const WAIT_MS = 20_000;

export const startBrowser = (): Promise<Browser> =>
  // CI runs as root, for which Chromium has no sandbox.
  chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });

export type Scheme = 'light' | 'dark';

export interface VisitOptions {
  /** @default light */
  readonly scheme?: Scheme;
  /** The language of the browser. @default en */
  readonly locale?: string;
  /** @default 1280 × 800 */
  readonly size?: { readonly width: number; readonly height: number };
  /** Of an earlier visit. */
  readonly cookies?: Awaited<ReturnType<BrowserContext['cookies']>>;
}

/** A person's browser, with storage of its own, and what it did that a page of ours must not do. */
export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of scripts, dialogs, violations of the Content-Security-Policy, and requests to other places. Empty if all is well. */
  readonly faults: readonly string[];
  readonly end: () => Promise<void>;
}

/** Opens the address as a person would, and keeps what must not happen from then on. */
export async function visit(browser: Browser, url: string, options: VisitOptions = {}): Promise<Visit> {
  const { scheme = 'light', locale = 'en-US', size = { width: 1280, height: 800 } } = options;
  const context = await browser.newContext({ colorScheme: scheme, locale, viewport: size, reducedMotion: 'reduce' });
  context.setDefaultTimeout(WAIT_MS);
  await context.addCookies(options.cookies ?? []);
  const page = await context.newPage();
  const faults: string[] = [];
  const { origin } = new URL(url);
  page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    const target = request.url();
    if (!/^(data|blob):/.test(target) && new URL(target).origin !== origin) faults.push(`request: ${target}`);
  });
  // A policy does not concern what a debugger adds, so neither of these needs it to be weaker.
  await page.exposeFunction('reportViolation', (text: string) => void faults.push(`policy: ${text}`));
  await page.addInitScript(() => {
    const report = (globalThis as unknown as { reportViolation: (text: string) => void }).reportViolation;
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      report(`${violatedDirective} ${blockedURI}`),
    );
  });
  await page.addInitScript(axe);
  await page.goto(url);
  return { page, context, faults, end: () => context.close() };
}

/** What of WCAG 2.2 and of good practice the page breaks so that people cannot use it: rule, and where. */
export async function barriers(page: Page): Promise<readonly string[]> {
  const { violations } = await page.evaluate<AxeResults>(() =>
    (globalThis as unknown as { axe: { run: () => Promise<AxeResults> } }).axe.run(),
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}

/** What makes the page wider than the window, so that it must be scrolled sideways; a box that scrolls by itself does not. */
export const overflow = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const scrolls = (one: Element | null): boolean =>
      one !== null && (getComputedStyle(one).overflowX !== 'visible' || scrolls(one.parentElement));
    const wide = [...document.querySelectorAll('main *')].filter(
      (one) => one.getBoundingClientRect().right > clientWidth + 1 && !scrolls(one.parentElement),
    );
    return [`${scrollWidth - clientWidth} px`, ...wide.slice(0, 5).map((one) => one.outerHTML.slice(0, 150))];
  });
