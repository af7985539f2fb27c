/// <reference lib="dom" />
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { english } from '../../src/page-app/texts/english.ts';
import { japanese } from '../../src/page-app/texts/japanese.ts';
import { korean } from '../../src/page-app/texts/korean.ts';
import { LANGUAGES, type Language, type Texts } from '../../src/page-app/texts/texts.ts';
import { podsOf } from '../support/pod.ts';
import { barriers, overflow, startBrowser, visit, type Visit, type VisitOptions } from './browser.ts';
import { startTeams, type TeamsCluster } from './mistakes.ts';
import { startUi, type Ui } from './page.ts';
import { POD_OF, screensWith, type ShownScreen } from './screens.ts';

// Every screen, with what a real API server and a real injector have made, in each language, scheme and size.

const NARROW = { width: 360, height: 740 };
const tables: { readonly [language in Language]: Texts } = { en: english, ja: japanese, ko: korean };

let cluster: TeamsCluster;
let browser: Browser;
let ui: Ui;
let pod: string;
/** The cookies of the one session that the printed address opens. */
let cookies: Awaited<ReturnType<Visit['context']['cookies']>>;
const visits: Visit[] = [];
beforeAll(async () => {
  cluster = await startTeams();
  browser = await startBrowser();
  const [first] = await podsOf(cluster.client, POD_OF, 3);
  pod = first.metadata?.name ?? '';
  ui = await startUi(cluster.uiArguments);
  const opened = await visit(browser, ui.url);
  cookies = await opened.context.cookies();
  await opened.end();
});
afterEach(async () => {
  for (const { end } of visits.splice(0)) await end();
});
afterAll(async () => {
  await browser?.close();
  await ui?.stop();
  await cluster?.stop();
});

async function open({ hash, shows }: ShownScreen, options: VisitOptions = {}): Promise<Visit> {
  const opened = await visit(browser, `${ui.base}${hash}`, { ...options, cookies });
  visits.push(opened);
  await opened.page.getByRole('heading', { level: 1 }).waitFor();
  if (shows !== '') await opened.page.getByRole('main').getByText(shows).first().waitFor();
  return opened;
}

/** The pod is known only once the cluster runs. */
const names = screensWith('').map(({ name }) => name);
const screen = (name: string): ShownScreen => {
  const found = screensWith(pod).find((one) => one.name === name);
  if (!found) throw new Error(name);
  return found;
};

describe.each(names)('%s', (name) => {
  it('has no barrier, light and dark, and does nothing that it must not', async () => {
    const { page, faults } = await open(screen(name));
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await barriers(page), colorScheme).toEqual([]);
    }
    expect(await overflow(page)).toEqual([]);
    expect(faults).toEqual([]);
  });

  it('is in three languages, on a narrow screen', async () => {
    const { page, faults } = await open(screen(name), { size: NARROW });
    for (const locale of LANGUAGES) {
      await page.locator('select:has(option[lang=ja])').selectOption(locale);
      await expect.poll(() => page.locator('html').getAttribute('lang')).toBe(locale);
      const navigation = page.getByRole('navigation').first();
      for (const key of ['screen.needs', 'screen.workloads', 'screen.profiles'] as const)
        expect(await navigation.textContent()).toContain(tables[locale][key]);
      expect(await overflow(page), locale).toEqual([]);
      expect(await untranslated(page, locale)).toEqual([]);
    }
    expect(faults).toEqual([]);
  });
});

it.each(LANGUAGES)('the language of a browser is taken: %s', async (locale) => {
  const { page } = await open(screen('needs'), { locale });
  expect(await page.locator('html').getAttribute('lang')).toBe(locale);
  await page.getByRole('heading', { level: 1, name: tables[locale]['screen.needs'] }).waitFor();
});

/** Headings, buttons and heads of columns that say exactly what an English text says, where the language has another. */
async function untranslated(page: Page, locale: Language): Promise<readonly string[]> {
  // Object.keys gives strings; these are the keys of the table.
  const keys = Object.keys(english) as (keyof typeof english)[];
  const foreign = new Set<string>(
    keys.filter((key) => tables[locale][key] !== english[key]).map((key) => english[key]),
  );
  for (const key of keys) foreign.delete(tables[locale][key]);
  const shown = await page.locator('h1, h2, h3, th, button, nav a, label, dt').allInnerTexts();
  return shown.map((text) => text.trim()).filter((text) => foreign.has(text));
}

describe('the keyboard', () => {
  it('goes to a workload and to its pod, and shows where it is', async () => {
    const { page, faults } = await open(screen('needs'));
    await tabTo(page, english['screen.workloads']);
    await page.keyboard.press('Enter');
    await page.waitForURL(/#\/workloads/);
    await page.getByText('payments').first().waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('shop web');
    await page.getByText('web').first().waitFor();
    // Until the list is filtered, the first row is another one.
    await page.getByText('payments').first().waitFor({ state: 'hidden' });
    await page.keyboard.press('Tab');
    await untilFocused(page, /web/);
    await page.keyboard.press('Enter');
    await page.waitForURL(/#\/workload\/shop\/Deployment\/web/);
    await page.getByText(pod).first().waitFor();
    await tabTo(page, pod);
    await page.keyboard.press('Enter');
    await page.waitForURL(/#\/pod\/shop\//);
    await page.goBack();
    await page.waitForURL(/#\/workload\/shop/);
    expect(faults).toEqual([]);
  });

  it('reaches everything that can be clicked on the first screen, and each shows the focus', async () => {
    const { page } = await open(screen('needs'));
    const reached = new Set<string>();
    for (let step = 0; step < 80; step++) {
      await page.keyboard.press('Tab');
      const focused = await focusedElement(page);
      if (focused === undefined) break;
      expect(focused.isMarked, focused.text).toBe(true);
      reached.add(focused.text);
    }
    const links = await page.locator('nav a:visible').allInnerTexts();
    expect([...reached]).toEqual(expect.arrayContaining(links.map((text) => text.trim())));
  });
});

interface Focused {
  readonly text: string;
  /** True if an outline, a border or a shadow tells it apart. */
  readonly isMarked: boolean;
}

const focusedElement = (page: Page): Promise<Focused | undefined> =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (!(element instanceof HTMLElement) || element === document.body) return undefined;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
    const isMarked = (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
    const text = (element.innerText || element.getAttribute('aria-label') || element.tagName).trim();
    return { text, isMarked };
  });

/** Presses Tab until what has the focus says the text. */
async function tabTo(page: Page, text: string): Promise<void> {
  for (let step = 0; step < 60; step++) {
    if ((await focusedElement(page))?.text.includes(text)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${text}`);
}

async function untilFocused(page: Page, text: RegExp): Promise<void> {
  for (const key of ['', 'Tab', 'Tab', 'Tab', 'Tab', 'Tab', 'Tab', 'Tab', 'Tab', 'ArrowDown', 'ArrowDown']) {
    if (key !== '') await page.keyboard.press(key);
    if (text.test((await focusedElement(page))?.text ?? '')) return;
  }
  throw new Error(`no key leads to ${text}`);
}
