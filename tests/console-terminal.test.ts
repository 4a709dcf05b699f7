/** A terminal inside a task, in the console: typed into, coloured, ended; refused to whoever may not, and on record. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashPassword } from '@stadion/access';
import { SystemRandom } from '@stadion/base/system';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { shellApp } from './support/apps.ts';
import { ConsoleBrowser, WIDTHS, everyLook, type Width } from './support/console-browser.ts';
import { BOTH } from './support/console-suite.ts';
import { RunningPlatform, callJson, waitFor } from './support/running-platform.ts';

const missingParts = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');
const LIMIT_MS = 180_000;
const LISTENS = 'while read word; do echo "heard $word"; done';

describe.skipIf(missingParts.includes('chromium'))('the terminal of the console', { timeout: LIMIT_MS }, () => {
  let folder = '';
  let platform: RunningPlatform;
  let browser: ConsoleBrowser;
  let taskId = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stadion terminal '));
    const random = new SystemRandom();
    const user = async (name: string, grants: readonly string[]) => ({
      name,
      password: await hashPassword(`${name}-word`, random),
      grants,
    });
    const path = join(folder, 'access.json');
    const users = [await user('ada', ['*']), await user('eve', ['*:read'])];
    await writeFile(path, JSON.stringify({ users }), { mode: 0o600 });
    platform = await RunningPlatform.start(['--access-file', path]);
    browser = await ConsoleBrowser.start(platform.addresses.orchestrator);
    const ask = (method: string, where: string, body?: object) =>
      callJson(`${platform.addresses.orchestrator}${where}`, method, body, { authorization: basic('ada') });
    expect((await ask('POST', '/v2/apps', shellApp('/inside', LISTENS, { tty: true }))).status).toBe(201);
    taskId = await waitFor('the task runs', async () => {
      const { body } = await ask('GET', '/v2/apps/inside/tasks');
      return body.tasks.find(({ state }: { state: string }) => state === 'TASK_RUNNING')?.id;
    });
  }, LIMIT_MS);
  afterEach(() => browser.closePassing());
  afterAll(async () => {
    await browser.stop();
    await platform.dispose();
    await rm(folder, { recursive: true, force: true });
  }, LIMIT_MS);

  const openAs = (user: string, path: string, width: Width = 'desk'): Promise<Page> =>
    browser.open(path, width, 'light', { username: user, password: `${user}-word` });

  async function openTerminal(user: string): Promise<Page> {
    const page = await openAs(user, `/instance/${taskId}`);
    await page.getByRole('button', { name: 'Open a terminal' }).click({ timeout: 60_000 });
    return page;
  }

  const records = async (): Promise<{ who: string; what: string; target: string; outcome: string }[]> => {
    const text = await readFile(join(platform.dataDirectory, 'log', 'audit.log'), 'utf8');
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  };

  test('runs a shell in the task, within the content security policy, and is on record by name', async () => {
    const page = await openTerminal('ada');
    const terminal = page.getByRole('region', { name: 'Terminal' });
    const rows = terminal.locator('.xterm-rows');
    await rows.getByText(/[#$]/).first().waitFor();
    await page.keyboard.type(
      String.raw`stty size; printf '\033[38;2;10;120;40mgreen\033[0m%s\n' ' grass'; echo $MESOS_TASK_ID`,
    );
    await page.keyboard.press('Enter');
    await rows.getByText(taskId).first().waitFor();
    const text = await rows.innerText();
    expect(text).toMatch(/green grass/);
    expect(text).toMatch(/^\d+ \d{2,3}$/m);
    // A colour beyond the palette is a style of its own.
    const green = await rows.getByText('green', { exact: true }).evaluate((span) => getComputedStyle(span).color);
    expect(green).toBe('rgb(10, 120, 40)');
    await page.keyboard.press('F6');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Close');
    expect(await everyLook(page)).toEqual([]);
    await terminal.getByRole('textbox', { name: 'Terminal input' }).focus();
    await page.keyboard.type('exit 3');
    await page.keyboard.press('Enter');
    await terminal.getByText('The command ended with status 3.').waitFor();
    expect(browser.problems).toEqual([]);
    const [begun, ...others] = await records();
    expect(begun).toMatchObject({ who: expect.stringMatching(/^ada, /), what: 'task exec', target: taskId });
    await waitFor('its end is on record', async () => (await records()).some(({ outcome }) => outcome === 'done'));
    expect(others.every(({ who }) => who.startsWith('ada'))).toBe(true);
  });

  test('reaches the command of the task itself, and leaves it running', async () => {
    const page = await openAs('ada', `/instance/${taskId}`);
    await page.getByRole('button', { name: 'Attach to its own command' }).click({ timeout: 60_000 });
    const terminal = page.getByRole('region', { name: 'Terminal' });
    await terminal.getByRole('textbox', { name: 'Terminal input' }).focus();
    // On record before it is: what is typed is sent once the session is open.
    await waitFor('it is open', async () => (await records()).some(({ what }) => what === 'task attach'));
    await waitFor('it answers', async () => {
      await page.keyboard.type('knock');
      await page.keyboard.press('Enter');
      return (await terminal.locator('.xterm-rows').innerText()).includes('heard knock');
    });
    await terminal.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Open a terminal' }).waitFor();
    expect(browser.problems).toEqual([]);
  });

  test.each(BOTH)('what somebody may not do is said before it is tried (%s)', async (width) => {
    const page = await openAs('eve', '/app/inside', width);
    const scale = page.getByRole('button', { name: 'Scale', exact: true });
    await page.locator('[aria-disabled=true]', { hasText: 'Scale' }).waitFor();
    expect(await scale.getAttribute('title')).toBe('eve may not do this: it takes apps:write for /inside');
    expect(await everyLook(page)).toEqual([]);
    await page.setViewportSize(WIDTHS[width]);
    await scale.focus();
    await page.keyboard.press('Enter');
    expect(await page.getByRole('dialog').count()).toBe(0);
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.locator('[role=menuitem][aria-disabled=true]', { hasText: 'Destroy' }).waitFor();
    await page.keyboard.press('Escape');
    await page.goto(`${platform.addresses.orchestrator}/instance/${taskId}`);
    await page.locator('[aria-disabled=true]', { hasText: 'Open a terminal' }).waitFor();
    await page.getByRole('link', { name: '127.0.0.1', exact: true }).click();
    const drain = page.locator('[aria-disabled=true]', { hasText: 'Drain' });
    await drain.waitFor();
    expect(await drain.getAttribute('title')).toBe('eve may not do this: it takes system:write for everything');
    const other = await openAs('ada', '/app/inside', width);
    await other.getByRole('button', { name: 'Scale', exact: true }).click();
    await other.getByRole('dialog').getByRole('spinbutton', { name: 'Instances' }).waitFor();
  });

  test('is refused without the permission, with the reason, and that is on record', async () => {
    const page = await openAs('eve', `/instance/${taskId}`);
    // A page that believes otherwise: the server judges, whatever is shown.
    const grants = [{ permissions: ['tasks:exec'], path: '/' }];
    await page.route('**/v2/permissions', (route) => route.fulfill({ json: { name: 'eve', grants } }));
    await page.reload();
    await page.locator('button:not([aria-disabled])', { hasText: 'Open a terminal' }).click();
    await page.getByText('eve is not permitted to do this: it takes tasks:exec for /inside.').waitFor();
    expect((await records()).at(-1)).toMatchObject({ who: expect.stringMatching(/^eve, /), outcome: 'refused' });
  });
});

function basic(user: string): string {
  return `Basic ${Buffer.from(`${user}:${user}-word`).toString('base64')}`;
}
