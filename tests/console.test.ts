/** The console in a real browser over a real platform: what is seen first, at a desk and on a phone. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConsoleBrowser, everyLook } from './support/console-browser.ts';
import { RunningPlatform } from './support/running-platform.ts';

const missingParts = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');

// Without Chromium there is no browser to see anything in.
describe.skipIf(missingParts.includes('chromium'))('the console', () => {
  let platform: RunningPlatform;
  let browser: ConsoleBrowser;

  beforeAll(async () => {
    platform = await RunningPlatform.start(['--cluster-name', 'Lab']);
    browser = await ConsoleBrowser.start(platform.addresses.orchestrator);
  }, 60_000);
  afterAll(async () => {
    await browser.stop();
    await platform.dispose();
  });

  test('an empty cluster offers a sample, and shows it as soon as it is there', async () => {
    const page = await browser.open('/');
    const state = page.getByRole('region', { name: 'State of the cluster' });
    await state.getByText('All is well').waitFor();
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Lab All is well' }).waitFor();
    await page.getByRole('button', { name: 'Deploy the sample' }).click();
    await page.getByText('Nothing runs here yet').waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Apps', exact: true }).click();
    await page.getByRole('link', { name: 'hello', exact: true }).click();
    await page.getByText('Serving: 2 instances healthy').waitFor();
    expect(await page.title()).toBe('/hello · Stadion');
    await platform.change('PUT', '/v2/apps/hello', { instances: 1 });
    await page.getByText('Serving: 1 instance healthy').waitFor();
  });

  test('what waits says why, and two versions can be compared', async () => {
    await platform.call('POST', '/v2/apps', { id: '/big/one', cmd: 'sleep 1000', cpus: 500 });
    const page = await browser.open('/app/big/one');
    await page.getByRole('button', { name: 'Why?' }).click();
    await page.getByRole('dialog').getByText('needs 500 cpus').first().waitFor();
    await page.keyboard.press('Escape');
    const before = (await app('/big/one')).version;
    await platform.call('PUT', '/v2/apps/big/one?force=true', { cmd: 'sleep 2000', cpus: 400 });
    await page.goto(`${platform.addresses.orchestrator}/app/big/one?tab=configuration&from=${before}`);
    await page.getByText('"cmd": "sleep 2000"').first().waitFor();
    expect(await page.getByRole('region', { name: 'Difference' }).innerText()).toContain('"cmd": "sleep 1000"');
  });

  test('a pod stands among the apps, with its instances, their containers and what these write', async () => {
    // Not waited for: what the test before began never ends.
    await platform.call('POST', '/v2/pods', {
      id: '/pair',
      containers: ['first', 'second'].map((name) => ({
        name,
        exec: { command: { shell: `echo "I am ${name}"; sleep 1000` } },
        resources: { cpus: 0.05, mem: 16 },
      })),
    });
    const page = await browser.open('/apps', 'phone');
    await page.getByRole('link', { name: 'pair', exact: true }).click();
    await page.getByText('1 of 1 stable').waitFor();
    await page.getByRole('button', { name: 'Scale' }).click();
    await page.getByRole('spinbutton', { name: 'Instances' }).fill('2');
    await page.getByRole('button', { name: 'Scale to 2' }).click();
    await page.getByText('2 of 2 stable').waitFor();
    await page.getByRole('link', { name: 'second' }).first().click();
    await page.getByRole('log').getByText('I am second').waitFor();
  }, 60_000);

  test.each([
    '/',
    '/apps',
    '/apps?group=/big',
    '/app/hello',
    '/app/hello?tab=logs',
    '/app/hello?tab=usage',
    '/app/hello?tab=events',
    '/app/hello?tab=statistics',
    '/pod/pair',
    '/pod/pair?tab=configuration',
    '/app/big/one?tab=configuration',
    '/deployments',
    '/nodes',
    '/map',
    '/events',
    '/new',
    '/edit/hello',
  ])(
    '%s is accessible and fits, light and dark, at a desk and on a phone',
    async (path) => {
      const page = await browser.open(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      expect(await everyLook(page)).toEqual([]);
      await page.context().close();
    },
    60_000,
  );

  test('nothing broke in any page, and no page wanted what its policy forbids', () => {
    expect(browser.problems).toEqual([]);
  });

  async function app(id: string): Promise<{ version: string }> {
    const { app: found } = (await platform.call('GET', `/v2/apps${id}`)).body;
    return found;
  }
});
