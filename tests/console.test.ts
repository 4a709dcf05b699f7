/** The console in a real browser over a real platform: what is seen first, and every page by axe, at a desk and on a phone. */
import { request } from 'node:http';
import { afterAll, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { WIDTHS, everyLook } from './support/console-browser.ts';
import { demoApp } from './support/apps.ts';
import { BOTH, SLEEPER, describeConsole, type ConsoleSuite } from './support/console-suite.ts';
import { waitFor } from './support/running-platform.ts';

const EDGE = ['http', 'https', 'admin'].flatMap((name) => [`--edge-${name}-port`, '0']);

function firstViewAndEveryPage(suite: ConsoleSuite): void {
  test('an empty cluster offers a sample, and shows it as soon as it is there', async () => {
    const page = await suite.browser.open('/');
    const state = page.getByRole('region', { name: 'State of the cluster' });
    await state.getByText('All apps are well').waitFor();
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Lab All apps are well' }).waitFor();
    await page.getByRole('button', { name: 'Deploy the sample' }).click();
    await page.getByText('Nothing runs here yet').waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Apps', exact: true }).click();
    await page.getByRole('link', { name: 'hello', exact: true }).click();
    await page.getByText('Serving: 2 instances healthy').waitFor();
    expect(await page.title()).toBe('/hello · Stadion');
    await suite.platform.change('PUT', '/v2/apps/hello', { instances: 1 });
    await page.getByText('Serving: 1 instance healthy').waitFor();
  });

  test('what waits says why, and two versions can be compared', async () => {
    await suite.platform.call('POST', '/v2/apps', { id: '/big/one', cmd: 'sleep 1000', cpus: 500 });
    const page = await suite.browser.open('/app/big/one');
    await page.getByRole('button', { name: 'Why?' }).click();
    await page.getByRole('dialog').getByText('needs 500 cpus').first().waitFor();
    expect(await everyLook(page)).toEqual([]);
    await page.keyboard.press('Escape');
    const before = (await app('/big/one')).version;
    await suite.platform.call('PUT', '/v2/apps/big/one?force=true', { cmd: 'sleep 2000', cpus: 400 });
    await page.goto(`${suite.wire.url}/app/big/one?tab=configuration&from=${before}`);
    await page.getByText('"cmd": "sleep 2000"').first().waitFor();
    expect(await page.getByRole('region', { name: 'Difference' }).innerText()).toContain('"cmd": "sleep 1000"');
  });

  test('a pod stands among the apps, with its instances, their containers and what these write', async () => {
    // Not waited for: what the test before began never ends.
    await suite.platform.call('POST', '/v2/pods', {
      id: '/pair',
      containers: ['first', 'second'].map((name) => ({
        name,
        exec: { command: { shell: `echo "I am ${name}"; sleep 1000` } },
        resources: { cpus: 0.05, mem: 16 },
      })),
    });
    const page = await suite.browser.open('/apps', 'phone');
    await page.getByRole('link', { name: 'pair', exact: true }).click();
    await page.getByText('1 of 1 stable').waitFor();
    await page.getByRole('button', { name: 'Scale' }).click();
    await page.getByRole('spinbutton', { name: 'Instances' }).fill('2');
    await page.getByRole('button', { name: 'Scale to 2' }).click();
    await page.getByText('2 of 2 stable').waitFor();
    await page.getByRole('link', { name: 'second' }).first().click();
    await page.getByRole('log').getByText('I am second').waitFor();
  }, 60_000);

  test('apps are found by the kind of their volumes', async () => {
    const volumes = [{ containerPath: 'data', mode: 'RW', persistent: { size: 10 } }];
    await suite.platform.call('POST', '/v2/apps', { id: '/kept', ...SLEEPER, container: { type: 'MESOS', volumes } });
    const page = await suite.browser.open('/apps');
    await page.getByRole('link', { name: 'hello', exact: true }).waitFor();
    // What begins with what was typed comes first, though `kept` comes before it by its name.
    await page.getByRole('link', { name: 'kept', exact: true }).waitFor();
    await page.getByLabel('Search apps').fill('p');
    const first = page.getByRole('table', { name: 'Apps' }).getByRole('row').nth(1);
    await first.getByRole('link', { name: 'pair', exact: true }).waitFor();
    await page.getByRole('table', { name: 'Apps' }).getByRole('link', { name: 'kept', exact: true }).waitFor();
    await page.getByLabel('Search apps').fill('');
    await page.getByRole('button', { name: 'Volumes' }).click();
    await page.getByRole('checkbox', { name: 'Kept for the instance' }).check({ force: true });
    await page.getByRole('link', { name: 'hello', exact: true }).waitFor({ state: 'detached' });
    expect(new URL(page.url()).searchParams.get('volume')).toContain('persistent');
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'kept', exact: true }).click();
    await page.getByRole('checkbox', { name: /^Choose [0-9a-f]{8}$/ }).check();
    await page.getByRole('button', { name: 'Kill and wipe' }).click();
    await page.getByRole('dialog').getByText('The data in their persistent volumes is deleted.').waitFor();
  }, 60_000);

  test.each(BOTH)(
    'a volume is found on the page of its app and of its instance, and at an address of its own (%s)',
    async (width) => {
      const { app: kept } = (await suite.platform.call('GET', '/v2/apps/kept')).body;
      const id: string = kept.tasks[0].localVolumes[0].persistenceId;
      const page = await suite.browser.open('/app/kept', width);
      await page.getByRole('link', { name: 'Volumes', exact: true }).click();
      const row = page.getByRole('row').filter({ hasText: '10 MiB' });
      await row.getByText('Attached').waitFor();
      await row.getByRole('link', { name: /^data [0-9a-f]{8}$/ }).click();
      const volume = page.getByRole('region', { name: 'Volume', exact: true });
      await volume.getByText(id).waitFor();
      expect(new URL(page.url()).searchParams.get('volume')).toBe(id);
      await volume.getByRole('link', { name: /^[0-9a-f]{8}$/ }).click();
      await page
        .getByRole('region', { name: 'Volumes', exact: true })
        .getByRole('link', { name: /^data [0-9a-f]{8}$/ })
        .click();
      await volume.getByText('read and write').waitFor();
      await volume.getByRole('link', { name: '127.0.0.1' }).click();
      await page.getByRole('region', { name: 'Reserved', exact: true }).getByText('10 MiB').waitFor();
      await page.goBack();
      await volume.getByRole('link', { name: 'Close' }).click();
      await volume.waitFor({ state: 'detached' });
    },
    60_000,
  );

  test('what the edge carries stands on the page of the app, among the routes, and its names among the names', async () => {
    const labels = { 'traefik.enable': 'true', 'traefik.http.routers.exposed.rule': 'Host(`exposed.test`)' };
    await suite.platform.call('POST', '/v2/apps', demoApp('/exposed', { labels }));
    const page = await suite.browser.open('/app/exposed');
    await page.getByText('(1 of 1 up)').waitFor();
    const { hostname, port } = new URL(suite.platform.addresses.edgeHttp);
    await waitFor('requests are counted', async () => {
      request({ hostname, port, headers: { host: 'exposed.test' } }, (answer) => answer.resume())
        .on('error', () => undefined)
        .end();
      return (await page.getByText(/^[1-9][\d.]* requests\/s|^0\.[1-9] requests\/s/).count()) > 0;
    });
    await page.getByRole('link', { name: 'Route', exact: true }).click();
    const row = page.getByRole('table', { name: 'Routes' }).getByRole('row').filter({ hasText: 'exposed.test' });
    await row.getByText('1 of 1 up').waitFor();
    const servers = page.getByRole('region', { name: /^Servers of / });
    await servers.getByText('up', { exact: true }).waitFor();
    await servers.getByRole('link').waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await servers.waitFor({ state: 'detached' });
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Names' }).click();
    await page.getByLabel('Search names and addresses').fill('exposed.marathon');
    await page.getByRole('table', { name: 'Names' }).getByText('exposed.marathon.mesos', { exact: true }).waitFor();
    const [task] = await suite.platform.tasks('/exposed');
    await page.goto(`${suite.wire.url}/instance/${task?.id ?? ''}`);
    await page.getByRole('link', { name: 'exposed.marathon.mesos' }).waitFor();
    // While it changes, the deployment tells what callers notice.
    const upgradeStrategy = { canary: { instances: 1 }, minimumHealthCapacity: 0.5, maximumOverCapacity: 1 };
    await suite.platform.call('PUT', '/v2/apps/exposed', { env: { CHANGED: 'yes' }, upgradeStrategy });
    await page.goto(`${suite.wire.url}/deployments`);
    await page.getByRole('region', { name: '/exposed' }).getByText('0 errors/s').first().waitFor();
    await page.context().close();
    await suite.platform.call('DELETE', '/v2/apps/exposed?force=true');
  }, 60_000);

  test('the cluster tells who leads, who holds what, its roles with their bounds, and what is planned for its machines', async () => {
    const { master, orchestrator } = suite.platform.addresses;
    const tell = (path: string, body: object) =>
      fetch(`${master}${path}`, {
        method: path === '/weights' ? 'PUT' : 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    await tell('/weights', [{ role: 'marathon', weight: 2 }]);
    const limits = { cpus: { value: 150 } };
    await tell('/api/v1', {
      type: 'UPDATE_QUOTA',
      update_quota: { force: true, quota_configs: [{ role: 'marathon', limits }] },
    });
    const unavailability = { start: { nanoseconds: 4e18 }, duration: { nanoseconds: 3.6e12 } };
    await tell('/maintenance/schedule', { windows: [{ machine_ids: [{ hostname: 'old-one' }], unavailability }] });
    const { body: metrics } = await suite.platform.call('GET', '/v2/cluster/metrics');
    expect(metrics['master/disk_used'], 'what is reserved and held, is used').toBeGreaterThanOrEqual(10);
    const page = await suite.browser.open('/cluster');
    const panel = (name: string) => page.getByRole('region', { name, exact: true });
    await panel('Orchestrator').getByText(new URL(orchestrator).host).first().waitFor();
    await panel('Master').getByText('1 active, 0 inactive, 0 unreachable').waitFor();
    await panel('Resources').getByRole('row').filter({ hasText: 'Memory' }).getByText('GiB').first().waitFor();
    await panel('Frameworks').getByRole('row').filter({ hasText: 'marathon' }).getByText('Active').waitFor();
    await panel('Maintenance').getByRole('row').filter({ hasText: 'old-one' }).getByText('1 h').waitFor();
    await panel('Evenness').getByText('No move would make the fullest nodes noticeably less full.').waitFor();
    await panel('Tasks by state')
      .getByRole('link', { name: /Running$/ })
      .click();
    await page
      .getByRole('table', { name: 'Tasks' })
      .getByRole('link', { name: /^hello\.instance-/ })
      .first()
      .waitFor();
    await page.locator('[aria-haspopup=dialog]', { hasText: 'Framework' }).click();
    await page.getByRole('checkbox', { name: 'marathon' }).check({ force: true });
    await page.keyboard.press('Escape');
    await page.getByRole('table', { name: 'Tasks' }).getByText('Healthy').first().waitFor();
    await page.getByLabel('Search tasks').fill('called-like-nobody');
    await page.getByText('No task matches').waitFor();
    await page.getByRole('link', { name: 'About', exact: true }).click();
    await panel('Frameworks').getByRole('link', { name: 'marathon' }).click();
    await panel('About').getByText('Tasks that are not over').waitFor();
    await page
      .getByRole('table', { name: 'Tasks' })
      .getByRole('link', { name: /^hello\.instance-/ })
      .first()
      .waitFor();
    expect(await everyLook(page)).toEqual([]);
    await page.setViewportSize(WIDTHS.desk);
    await page.goto(`${suite.wire.url}/cluster`);
    await page.getByRole('link', { name: 'Roles', exact: true }).click();
    const role = page.getByRole('row').filter({ hasText: 'marathon' });
    await role.getByText(/^cpus [\d.]+ of 150$/).waitFor();
    expect(await role.getByRole('cell').nth(2).innerText()).toBe('2');
    await page.getByRole('link', { name: 'Configuration', exact: true }).click();
    await page.getByRole('region', { name: 'Orchestrator' }).getByText('framework_name').waitFor();
  }, 60_000);

  /** One page for all: what the pages share is read once. */
  let looker: Page | undefined;
  afterAll(() => looker?.context().close());

  test.each([
    '/',
    '/apps',
    '/apps?group=/big',
    '/apps?q=called-like-nobody',
    '/app/hello',
    '/app/hello?tab=logs',
    '/app/hello?tab=usage',
    '/app/hello?tab=events',
    '/app/hello?tab=statistics',
    '/app/hello?tab=configuration',
    '/app/kept?tab=volumes',
    '/app/nowhere',
    '/pod/pair',
    '/pod/pair?tab=logs',
    '/pod/pair?tab=configuration',
    '/pod/pair?tab=events',
    '/app/big/one?tab=configuration',
    '/instance/one-of:hello',
    '/deployments',
    '/deployments?id=last',
    '/nodes',
    '/node/the-only-one',
    '/map',
    '/cluster',
    '/cluster?tab=roles',
    '/cluster?tab=tasks',
    '/cluster?tab=configuration',
    '/routes',
    '/names',
    '/events',
    '/api',
    '/new',
    '/new?kind=pod',
    '/edit/hello',
    '/edit-pod/pair',
  ])(
    '%s is accessible and fits, light and dark, at a desk and on a phone',
    async (path) => {
      looker ??= await suite.browser.openToStay('/');
      await looker.setViewportSize(WIDTHS.desk);
      await looker.goto(suite.wire.url + (await realPath(path)));
      await looker.getByRole('heading', { level: 1 }).waitFor();
      await waitFor('everything is read', async () => (await looker?.locator('[aria-busy=true]').count()) === 0);
      expect(await everyLook(looker)).toEqual([]);
    },
    60_000,
  );

  test('nothing broke in any page, and no page wanted what its policy forbids', () => {
    // One of the pages is of an app that is not there.
    expect(suite.browser.problems.filter((problem) => !problem.includes('/app/nowhere: Failed'))).toEqual([]);
  });

  async function app(id: string): Promise<{ version: string }> {
    const { app: found } = (await suite.platform.call('GET', `/v2/apps${id}`)).body;
    return found;
  }

  /** Ids that only this platform knows, in the place of those that stand for them. */
  async function realPath(path: string): Promise<string> {
    const [task] = await suite.platform.tasks('/hello');
    const { slaves } = (await suite.platform.call('GET', '/v2/cluster/agents')).body;
    const records = (await suite.platform.call('GET', '/v2/deployment-records?limit=1')).body;
    return path
      .replace('one-of:hello', task?.id ?? '')
      .replace('the-only-one', slaves[0].id)
      .replace('id=last', `id=${String(records[0].id)}`);
  }
}

describeConsole('the console', firstViewAndEveryPage, {
  flags: ['--edge', 'embedded', '--edge-workers', '1', ...EDGE],
});
