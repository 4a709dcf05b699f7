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
    platform = await RunningPlatform.start();
    browser = await ConsoleBrowser.start(platform.addresses.orchestrator);
  }, 60_000);
  afterAll(async () => {
    await browser.stop();
    await platform.dispose();
  });

  test('an empty cluster offers a sample, and shows it as soon as it is there', async () => {
    const page = await browser.open('/');
    await page.getByText('All is well').waitFor();
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

  test.each([
    '/',
    '/apps',
    '/apps?group=/big',
    '/app/hello',
    '/app/hello?tab=logs',
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
