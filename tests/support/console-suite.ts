/** What every suite of the console begins with: a platform, a browser on it, and what people press in its dialogs and menus. */
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import type { Page } from 'playwright-core';
import { ConsoleBrowser, type Width } from './console-browser.ts';
import { RunningPlatform } from './running-platform.ts';
import { Wire } from './wire.ts';

/** An app that does nothing, and little of it. */
export const SLEEPER = { cmd: 'sleep 100000', cpus: 0.05, mem: 16 };
export const BOTH: readonly Width[] = ['desk', 'phone'];

/** What tests of a suite work with, once it has begun. */
export interface ConsoleSuite {
  readonly platform: RunningPlatform;
  readonly browser: ConsoleBrowser;
  /** Between both, to be cut. */
  readonly wire: Wire;
}

/**
 * A suite in a browser; skipped where there is no Chromium.
 * @param tests is given what they work with, which is there once they run
 * @param options.prepare makes what all of them look at
 * @param options.flags of the platform
 */
export function describeConsole(
  name: string,
  tests: (suite: ConsoleSuite) => void,
  {
    prepare = () => Promise.resolve(),
    flags = [],
  }: {
    readonly prepare?: (platform: RunningPlatform) => Promise<void>;
    readonly flags?: readonly string[];
  } = {},
): void {
  const missing = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');
  describe.skipIf(missing.includes('chromium'))(name, () => {
    let begun: ConsoleSuite | undefined;
    beforeAll(async () => {
      const platform = await RunningPlatform.start(['--cluster-name', 'Lab', ...flags]);
      const wire = await Wire.to(platform.addresses.orchestrator);
      const [browser] = await Promise.all([ConsoleBrowser.start(wire.url), prepare(platform)]);
      begun = { platform, wire, browser };
    }, 60_000);
    afterAll(async () => {
      await begun?.browser.stop();
      await begun?.wire.close();
      await begun?.platform.dispose();
    });
    afterEach(async ({ task }) => {
      await begun?.browser.closePassing();
      // A change that a failed test left half way would keep every later one waiting.
      if (task.result?.state === 'fail') await begun?.platform.cancelAll();
    });
    const there = (): ConsoleSuite => {
      if (begun === undefined) throw new Error('The suite has not begun');
      return begun;
    };
    tests({
      get platform() {
        return there().platform;
      },
      get browser() {
        return there().browser;
      },
      get wire() {
        return there().wire;
      },
    });
  });
}

/** Presses a button of the page, then the one of the dialog that asks. */
export async function confirm(page: Page, button: string, verb = button): Promise<void> {
  await page.getByRole('button', { name: button, exact: true }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: verb, exact: true }).click();
}

export async function chooseFromMenu(page: Page, menu: string, item: string): Promise<void> {
  await page.getByRole('button', { name: menu }).click();
  await page.getByRole('menuitem', { name: item }).click();
}

/** Writes into the JSON editor as a person does who pastes. */
export async function paste(page: Page, descriptor: object): Promise<void> {
  const editor = page.getByLabel(/^(App|Pod) as JSON$/);
  await editor.click();
  await page.keyboard.press('Control+a');
  // As a browser pastes. Text that is only put in place, Chromium edits by itself, with styles that the page's policy forbids.
  await editor.evaluate((element, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', text);
    element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, JSON.stringify(descriptor));
}
