/** What one can do in the console, at a desk and on a phone, and what a real platform makes of it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { ConsoleBrowser } from './support/console-browser.ts';
import { RunningPlatform, waitFor } from './support/running-platform.ts';

const missingParts = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');
const SLEEPER = { cmd: 'sleep 100000', cpus: 0.05, mem: 16 };

// Without Chromium there is no browser to do anything in.
describe.skipIf(missingParts.includes('chromium'))('actions in the console', () => {
  let platform: RunningPlatform;
  let browser: ConsoleBrowser;

  beforeAll(async () => {
    platform = await RunningPlatform.start();
    browser = await ConsoleBrowser.start(platform.addresses.orchestrator);
  }, 60_000);
  afterAll(async () => {
    await browser.stop();
    await platform.dispose();
  });

  async function instances(id: string): Promise<number> {
    return (await platform.call('GET', `/v2/apps${id}`)).body.app.instances;
  }

  /** Writes into the JSON editor as a person does who pastes. */
  async function write(page: Page, app: object): Promise<void> {
    await page.getByLabel('App as JSON').click();
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText(JSON.stringify(app));
  }

  async function chooseFromMenu(page: Page, menu: string, item: string): Promise<void> {
    await page.getByRole('button', { name: menu }).click();
    await page.getByRole('menuitem', { name: item }).click();
  }

  test('an app is described in the form, which the JSON follows, and the other way round', async () => {
    const page = await browser.open('/new');
    await page.getByLabel('Id', { exact: true }).fill('/made/by-form');
    await page.getByLabel('Command', { exact: true }).fill('sleep 1000');
    const json = page.getByLabel('App as JSON');
    await json.getByText('"sleep 1000"').waitFor();
    await write(page, { id: '/made/by-json', ...SLEEPER, instances: 'many' });
    expect(await page.getByLabel('Id', { exact: true }).inputValue()).toBe('/made/by-json');
    await page.getByText('/instances').first().waitFor();
    expect(await page.getByRole('button', { name: 'Deploy' }).isDisabled()).toBe(true);
    await page.getByLabel('Instances', { exact: true }).fill('1');
    await page.getByRole('button', { name: 'Deploy' }).click();
    await page.getByText('Serving: 1 instance running').waitFor();
  }, 60_000);

  test('what only the server knows to be wrong is said at its field', async () => {
    const page = await browser.open('/new');
    await write(page, { id: '/wrong', ...SLEEPER, healthChecks: [{ protocol: 'HTTP', portIndex: 7 }] });
    await page.getByRole('button', { name: 'Deploy' }).click();
    await page
      .getByText(/healthChecks\(0\)/)
      .first()
      .waitFor();
    expect((await platform.call('GET', '/v2/apps/wrong')).status).toBe(404);
  });

  test('scaling says what will happen; a deployment in the way can be overruled', async () => {
    await platform.change('POST', '/v2/apps', { id: '/scaled', ...SLEEPER });
    const page = await browser.open('/app/scaled', 'phone');
    await page.getByRole('button', { name: 'Scale' }).click();
    await page.getByRole('spinbutton', { name: 'Instances' }).fill('3');
    await page.getByText('2 instances more will be started.').waitFor();
    await page.getByRole('button', { name: 'Scale to 3' }).click();
    await page.getByText('Serving: 3 instances running').waitFor();
    await platform.settled();
    // Nothing can place this: the deployment stays, and holds the app.
    await platform.call('PUT', '/v2/apps/scaled', { cpus: 500 });
    await page.getByRole('button', { name: 'Scale' }).click();
    await page.getByRole('spinbutton', { name: 'Instances' }).fill('2');
    await page.getByRole('button', { name: 'Scale to 2' }).click();
    await page.getByRole('alert').getByText('A deployment is under way.').waitFor();
    expect(await instances('/scaled')).toBe(3);
    await page.getByRole('button', { name: 'Scale to 2 by force' }).click();
    await waitFor('the app is scaled', async () => (await instances('/scaled')) === 2);
    await platform.change('DELETE', '/v2/apps/scaled?force=true');
  }, 60_000);

  test('restart, suspend and destroy', async () => {
    await platform.change('POST', '/v2/apps', { id: '/ended', ...SLEEPER });
    const page = await browser.open('/app/ended');
    const [before] = await platform.tasks('/ended');
    await page.getByRole('button', { name: 'Restart' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Restart' }).click();
    await waitFor('another task runs', async () =>
      (await platform.tasks('/ended')).every(({ id }) => id !== before?.id),
    );
    await platform.settled();
    await chooseFromMenu(page, 'More actions', 'Suspend');
    await page.getByRole('button', { name: 'Suspend', exact: true }).click();
    await page.getByText('Suspended: no instance is wanted').waitFor();
    await platform.settled();
    await chooseFromMenu(page, 'More actions', 'Destroy');
    await page.getByText('This cannot be taken back.').waitFor();
    await page.getByRole('button', { name: 'Destroy', exact: true }).click();
    await page.getByText('There is no app with this id').waitFor();
  }, 60_000);

  test('chosen instances are ended together, with fewer wanted afterwards', async () => {
    await platform.change('POST', '/v2/apps', { id: '/chosen', ...SLEEPER, instances: 3 });
    const page = await browser.open('/app/chosen');
    const boxes = page.getByRole('checkbox', { name: /^Choose [0-9a-f]{8}$/ });
    await boxes.nth(0).check();
    await boxes.nth(1).check();
    await page.getByRole('button', { name: 'Kill and scale down' }).click();
    await page.getByRole('button', { name: 'Kill and scale', exact: true }).click();
    await waitFor('one is wanted', async () => (await instances('/chosen')) === 1);
  }, 60_000);

  test('who edits is told that somebody else did too, and may put one change on top of the other', async () => {
    await platform.change('POST', '/v2/apps', { id: '/shared', ...SLEEPER });
    const page = await browser.open('/edit/shared');
    await page.getByLabel('Memory (MiB)').fill('32');
    await platform.change('PUT', '/v2/apps/shared', { instances: 2 });
    await page.getByText('Somebody changed this app').waitFor();
    await page.getByRole('button', { name: 'Put my changes on top' }).click();
    await page.getByRole('button', { name: 'Deploy the change' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Deploy the change' }).click();
    await page.getByText('Serving: 2 instances running').waitFor();
    expect((await platform.call('GET', '/v2/apps/shared')).body.app).toMatchObject({ mem: 32, instances: 2 });
  }, 60_000);

  test('by keyboard alone an app is found and scaled', async () => {
    const page = await browser.open('/');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('scale shared');
    await page.getByRole('option', { name: 'Scale /shared' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('spinbutton', { name: 'Instances' }).waitFor();
    await page.keyboard.press('Control+a');
    await page.keyboard.type('1');
    await page.keyboard.press('Enter');
    await waitFor('one is wanted', async () => (await instances('/shared')) === 1);
  }, 60_000);

  test('nothing broke in any page', () => {
    // A refusal is an answer, which browsers write down as an error of loading. And where text is pasted over other
    // text, Chromium's own editing wants to keep a style, which the policy refuses.
    const expected = /status of (409|404|422)|\/new: Applying inline style/;
    expect(browser.problems.filter((problem) => !expected.test(problem))).toEqual([]);
  });
});
