/** A real browser on the console of a real platform: pages at the widths that count, with everything that goes wrong in them. */
import axe from 'axe-core';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { canMakeMachines } from './machines.ts';
import { QuietNetwork } from './quiet-network.ts';

/** A desk and a phone. */
export const WIDTHS = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;
export type Width = keyof typeof WIDTHS;

/** Chromium without windows: the whole one draws its own bars and buttons around every page, seen or not. */
const CHROMIUM = '/usr/bin/chromium-headless-shell';

/** One browser; each page has a profile of its own. */
export class ConsoleBrowser {
  /** Errors that pages wrote to their consoles, violated content security policies among them. */
  readonly problems: string[] = [];
  private readonly browser: Browser;
  private readonly url: string;
  private readonly network: QuietNetwork | undefined;
  private passing: BrowserContext[] = [];

  private constructor(browser: Browser, url: string, network: QuietNetwork | undefined) {
    this.browser = browser;
    this.url = url;
    this.network = network;
  }

  /** Starts Debian's Chromium. @param url of the orchestrator */
  static async start(url: string): Promise<ConsoleBrowser> {
    // Nobody but root makes networks, so that others need not be kept from seeing them come and go.
    const network = canMakeMachines() ? await QuietNetwork.around(CHROMIUM, Number(new URL(url).port)) : undefined;
    const browser = await chromium.launch({
      executablePath: network?.launcher ?? CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
    });
    return new ConsoleBrowser(browser, url, network);
  }

  /** Opens an address of the console, for the test that runs. @param httpCredentials whom to be, where people are known */
  async open(
    path: string,
    width: Width = 'desk',
    theme: 'light' | 'dark' = 'light',
    httpCredentials?: { readonly username: string; readonly password: string },
  ): Promise<Page> {
    const page = await this.openToStay(path, width, theme, httpCredentials);
    this.passing.push(page.context());
    return page;
  }

  /** Opens one that stays open, as `open` does. */
  async openToStay(
    path: string,
    width: Width = 'desk',
    theme: 'light' | 'dark' = 'light',
    httpCredentials?: { readonly username: string; readonly password: string },
  ): Promise<Page> {
    const context = await this.browser.newContext({
      viewport: WIDTHS[width],
      colorScheme: theme,
      reducedMotion: 'reduce',
      ...(httpCredentials === undefined ? {} : { httpCredentials }),
    });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    page.on('pageerror', (error) => this.problems.push(`${page.url()}: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(`${page.url()}: ${message.text()}`);
    });
    await page.goto(this.url + path);
    return page;
  }

  /** Closes what a test opened: pages listen and draw for as long as they are open. */
  async closePassing(): Promise<void> {
    const { passing } = this;
    this.passing = [];
    await Promise.all(passing.map((context) => context.close()));
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.network?.stop();
  }
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

/** What axe finds on a page against WCAG 2.2 AA, one line each. */
async function accessibilityProblems(page: Page, isContrastOnly: boolean): Promise<string[]> {
  // By the debugger, not as a script of the page: its content security policy would not have it.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  return page.evaluate(async (onlyContrast) => {
    const { axe: runner } = globalThis as { axe?: { run: (options: object) => Promise<AxeResult> } };
    if (runner === undefined) throw new Error('axe is not there');
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await runner.run({ runOnly: onlyContrast ? ['color-contrast'] : tags });
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ html }) => `${id}: ${help}: ${html.slice(0, 200)}`),
    );
  }, isContrastOnly);
}

/** Looks at a page light and dark, at a desk and on a phone. @returns what is not accessible, and what is wider than its window */
export async function everyLook(page: Page): Promise<string[]> {
  const problems: string[] = [];
  for (const [width, theme] of [
    ['desk', 'light'],
    ['desk', 'dark'],
    ['phone', 'light'],
  ] as const) {
    await page.setViewportSize(WIDTHS[width]);
    await page.emulateMedia({ colorScheme: theme });
    await page.locator(`html[data-theme=${theme}]`).waitFor();
    // Colours move for a moment, even where motion is reduced.
    await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished)));
    // In the dark nothing but the colours is different.
    for (const problem of await accessibilityProblems(page, theme === 'dark')) {
      problems.push(`${width}, ${theme}: ${problem}`);
    }
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    if (overflow > 0) problems.push(`${width}, ${theme}: ${overflow} pixels wider than the window`);
  }
  return problems;
}
