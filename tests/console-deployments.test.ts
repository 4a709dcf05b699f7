/** Changes under way in the console: watched, held, judged, taken back; versions, groups, pods, instances and nodes. */
import { expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { BOTH, SLEEPER, chooseFromMenu, confirm, describeConsole, paste } from './support/console-suite.ts';
import { waitFor } from './support/running-platform.ts';

/** An app that has not come up is not counted on: its deployment waits. */
const IS_UP = {
  protocol: 'COMMAND',
  command: { value: 'test -f up' },
  intervalSeconds: 1,
  delaySeconds: 0,
  gracePeriodSeconds: 30,
};

describeConsole('deployments in the console', (suite) => {
  async function app(id: string): Promise<{ instances: number; cmd: string; version: string }> {
    return (await suite.platform.call('GET', `/v2/apps${id}`)).body.app;
  }

  /** Begins a change that waits for somebody to judge its canary. */
  async function beginCanary(id: string): Promise<string> {
    const upgradeStrategy = { canary: { instances: 1 }, minimumHealthCapacity: 0.5, maximumOverCapacity: 0.5 };
    await suite.platform.change('POST', '/v2/apps', { id, ...SLEEPER, instances: 2, upgradeStrategy });
    const { body } = await suite.platform.call('PUT', `/v2/apps${id}`, { cmd: 'sleep 200000' });
    return body.deploymentId;
  }

  test.each(BOTH)(
    'a canary waits until it is promoted; afterwards the record says who and what (%s)',
    async (width) => {
      const id = `/canary-${width}`;
      const deployment = await beginCanary(id);
      const page = await suite.browser.open(`/deployments?id=${deployment}`, width);
      await page.getByText('Canary waits').waitFor();
      await page.getByText(`Replace instances of ${id}`).waitFor();
      await page
        .getByRole('list', { name: 'Instances' })
        .getByRole('link', { name: /new, running/ })
        .waitFor();
      await confirm(page, 'Promote');
      await page.getByText('This deployment has ended').waitFor();
      await page.getByText('Done', { exact: true }).waitFor();
      await page.getByRole('list', { name: 'What changes' }).getByText('"sleep 200000"').waitFor();
      await page.getByText(/^By 127\.0\.0\.1/).waitFor();
    },
    60_000,
  );

  test.each(BOTH)(
    'a canary that is found bad is taken back (%s)',
    async (width) => {
      const id = `/bad-${width}`;
      const deployment = await beginCanary(id);
      const page = await suite.browser.open(`/deployments?id=${deployment}`, width);
      await page.getByText('Canary waits').waitFor();
      await confirm(page, 'Find it bad');
      await page.getByText('Failed', { exact: true }).waitFor();
      await waitFor('the app is what it was', async () => (await app(id)).cmd === SLEEPER.cmd);
    },
    60_000,
  );

  test.each(BOTH)(
    'a failing change shows why, can be paused, resumed and rolled back (%s)',
    async (width) => {
      const id = `/failing-${width}`;
      const cmd = 'touch up; sleep 100000';
      await suite.platform.change('POST', '/v2/apps', { id, ...SLEEPER, cmd, healthChecks: [IS_UP] });
      const { body } = await suite.platform.call('PUT', `/v2/apps${id}`, { cmd: 'echo "no such queue" >&2; exit 7' });
      const page = await suite.browser.open(`/deployments?id=${String(body.deploymentId)}`, width);
      await page.getByText('A new instance failed').waitFor();
      await page.getByRole('log').getByText('no such queue').waitFor();
      await page.getByRole('region', { name: 'Failures' }).first().waitFor();
      await confirm(page, 'Pause');
      await page.getByText('Paused', { exact: true }).waitFor();
      await confirm(page, 'Resume');
      await page.getByText('Under way', { exact: true }).waitFor();
      await confirm(page, 'Roll back');
      await page.getByText('This deployment has ended').waitFor();
      await suite.platform.settled();
      expect((await app(id)).cmd).toBe(cmd);
      await page.goto(`${suite.wire.url}/app${id}?tab=events`);
      await page.getByText('Rolled back').waitFor();
    },
    60_000,
  );

  test('a deployment that waits says for what, and can be stopped where it is', async () => {
    await suite.platform.change('POST', '/v2/apps', { id: '/stopped', ...SLEEPER });
    const { body } = await suite.platform.call('PUT', '/v2/apps/stopped', { cpus: 500 });
    const page = await suite.browser.open(`/deployments?id=${String(body.deploymentId)}`);
    await page.getByText(/needs 500 cpus/).waitFor();
    await confirm(page, 'Stop');
    await page.getByText('This deployment has ended').waitFor();
    expect(await app('/stopped')).toMatchObject({ cpus: 500 });
    await suite.platform.change('DELETE', '/v2/apps/stopped?force=true');
  }, 60_000);

  test('what a change would come to is told before it is made', async () => {
    await suite.platform.change('POST', '/v2/apps', { id: '/planned', ...SLEEPER, cpus: 1 });
    const page = await suite.browser.open('/app/planned');
    await page.getByRole('button', { name: 'Scale', exact: true }).click();
    await page.getByRole('spinbutton', { name: 'Instances' }).fill('50');
    await page
      .getByRole('region', { name: 'Plan' })
      .getByText(/Only \d of 49 new instances would find a place/)
      .waitFor();
    await page.keyboard.press('Escape');
    await page.goto(`${suite.wire.url}/edit/planned`);
    await page.getByLabel('Instances', { exact: true }).fill('2');
    await page.getByText('The new instance would find a place.').waitFor();
    await page.getByRole('button', { name: 'Deploy the change' }).click();
    const review = page.getByRole('dialog', { name: 'What will change' });
    await review.getByText('Scale /planned').waitFor();
    // Somebody is faster: the plan that was looked at no longer holds.
    await review.getByText('would find a place').waitFor();
    await suite.platform.change('PUT', '/v2/apps/planned', { mem: 24 });
    await page.getByText('Somebody changed this app').waitFor();
    await page.getByRole('table').getByText('24').waitFor();
  }, 60_000);

  test.each(BOTH)(
    'an earlier version is compared and made current again (%s)',
    async (width) => {
      const id = `/versions-${width}`;
      await suite.platform.change('POST', '/v2/apps', { id, ...SLEEPER });
      const { version } = await app(id);
      await suite.platform.change('PUT', `/v2/apps${id}`, { cmd: 'sleep 300000' });
      const page = await suite.browser.open(
        `/app${id}?tab=configuration&to=${version}&from=${(await app(id)).version}`,
        width,
      );
      await page.getByRole('region', { name: 'Difference' }).getByText('"cmd": "sleep 300000"').waitFor();
      await confirm(page, 'Roll back to this', 'Roll back');
      await waitFor('the old command is current', async () => (await app(id)).cmd === SLEEPER.cmd);
      await suite.platform.settled();
    },
    60_000,
  );

  test.each(BOTH)(
    'a group is scaled, suspended and destroyed as one (%s)',
    async (width) => {
      const group = `/group-${width}`;
      for (const name of ['one', 'two']) {
        await suite.platform.change('POST', '/v2/apps', { id: `${group}/${name}`, ...SLEEPER, instances: 2 });
      }
      const sum = async (): Promise<number> =>
        (await app(`${group}/one`)).instances + (await app(`${group}/two`)).instances;
      const page = await suite.browser.open('/apps', width);
      await chooseFromMenu(page, `Actions for ${group}`, 'Scale');
      await page.getByRole('spinbutton', { name: 'Factor' }).fill('1.5');
      await page.getByRole('dialog').getByRole('button', { name: 'Scale', exact: true }).click();
      await waitFor('three each', async () => (await sum()) === 6);
      await suite.platform.settled();
      await chooseFromMenu(page, `Actions for ${group}`, 'Suspend');
      await page.getByRole('dialog').getByRole('button', { name: 'Suspend', exact: true }).click();
      await waitFor('none is wanted', async () => (await sum()) === 0);
      await suite.platform.settled();
      await chooseFromMenu(page, `Actions for ${group}`, 'Destroy');
      await page.getByRole('dialog').getByRole('button', { name: 'Destroy', exact: true }).click();
      await page.getByRole('button', { name: `Actions for ${group}` }).waitFor({ state: 'detached' });
    },
    60_000,
  );

  test.each(BOTH)(
    'chosen instances are restarted together; a sick one is frozen and replaced (%s)',
    async (width) => {
      const id = `/some-${width}`;
      await suite.platform.change('POST', '/v2/apps', { id, ...SLEEPER, instances: 3 });
      const before = (await suite.platform.tasks(id)).map((task) => task.id);
      const page = await suite.browser.open(`/app${id}`, width);
      const boxes = page.getByRole('checkbox', { name: /^Choose [0-9a-f]{8}$/ });
      await boxes.nth(0).check();
      await boxes.nth(1).check();
      await page
        .getByRole('group', { name: 'With the chosen instances' })
        .getByRole('button', { name: 'Restart' })
        .click();
      await page.getByRole('dialog').getByRole('button', { name: 'Restart' }).click();
      await waitFor('two are new and all run', async () => {
        const tasks = await suite.platform.tasks(id);
        return tasks.filter((task) => !before.includes(task.id)).length === 2 && tasks.every(isRunning);
      });
      const [sick] = await suite.platform.tasks(id);
      await page.goto(`${suite.wire.url}/instance/${sick?.id ?? ''}`);
      await confirm(page, 'Freeze');
      await page.getByText('Frozen', { exact: true }).waitFor();
      await waitFor(
        'another one runs beside it',
        async () => (await suite.platform.tasks(id)).filter(isRunning).length === 4,
      );
      await confirm(page, 'Kill');
      await waitFor('it is gone', async () => (await suite.platform.tasks(id)).every((task) => task.id !== sick?.id));
    },
    60_000,
  );

  test('an editor that is late undoes nothing that was decided meanwhile', async () => {
    const page = await suite.browser.open('/apps');
    let load: () => void = () => undefined;
    const loaded = new Promise<void>((resolve) => {
      load = resolve;
    });
    await page.route(/\/json-editor-/, async (route) => {
      await loaded;
      await route.continue();
    });
    await page.goto(`${suite.wire.url}/new`);
    await page.getByLabel('Id', { exact: true }).fill('/begun');
    await page.getByRole('button', { name: 'A pod instead' }).click();
    await page.getByText('Say what to run: a command, or an image').first().waitFor();
    await page.getByLabel('Id', { exact: true }).fill('/late');
    // At the very moment at which the editor is there, before it has been given its text.
    await page.getByRole('button', { name: 'An app instead' }).evaluate((button: HTMLElement) => {
      const place = document.querySelector('form [aria-busy]');
      if (place === null) throw new Error('the editor was not late');
      const seen = new MutationObserver(() => {
        if (place.isConnected && getComputedStyle(place).display !== 'none') return;
        seen.disconnect();
        button.click();
      });
      seen.observe(document.body, { childList: true, subtree: true, attributes: true });
    });
    load();
    await page.getByLabel('App as JSON').getByText('"/begun"').waitFor();
    expect(await idIn(page)).toBe('/begun');
  }, 60_000);

  test('a pod is described, changed, rolled back, its instances are killed, and it is destroyed', async () => {
    const page = await suite.browser.open('/new');
    await page.getByLabel('Id', { exact: true }).fill('/begun');
    await page.getByRole('button', { name: 'A pod instead' }).click();
    await page.getByText('Say what to run: a command, or an image').first().waitFor();
    await page.getByLabel('Id', { exact: true }).fill('/pod');
    // To look back loses neither.
    await page.getByRole('button', { name: 'An app instead' }).click();
    await waitFor('the app is as it was', async () => (await idIn(page)) === '/begun');
    await page.getByRole('button', { name: 'A pod instead' }).click();
    await waitFor('the pod too', async () => (await idIn(page)) === '/pod');
    await page.getByLabel('Name', { exact: true }).fill('only');
    await page.getByLabel('Command', { exact: true }).fill('sleep 100000');
    await page.getByLabel('CPU (cores)').fill('0.05');
    await page.getByLabel('Pod as JSON').getByText('"sleep 100000"').waitFor();
    await page.getByRole('button', { name: 'Deploy' }).click();
    await page.getByText('1 of 1 stable').waitFor();
    await suite.platform.settled();
    const first = (await suite.platform.call('GET', '/v2/pods/pod')).body.version;
    await page.getByRole('button', { name: 'Edit' }).click();
    const container = { exec: { command: { shell: 'sleep 200000' } }, resources: { cpus: 0.05, mem: 16 } };
    await paste(page, { id: '/pod', containers: [{ name: 'Only', ...container }] });
    // The schema of pods is that of the server.
    await page.getByText('/containers(0)/name').first().waitFor();
    await page.getByLabel('Name', { exact: true }).fill('only');
    await confirm(page, 'Deploy the change');
    await page.getByText('1 of 1 stable').waitFor();
    await suite.platform.settled();
    await page.goto(`${suite.wire.url}/pod/pod?tab=configuration&to=${String(first)}`);
    await confirm(page, 'Roll back to this', 'Roll back');
    await waitFor('it is what it was', async () => {
      const { body } = await suite.platform.call('GET', '/v2/pods/pod');
      return body.containers[0].exec.command.shell === 'sleep 100000';
    });
    await suite.platform.settled();
    await page.getByRole('link', { name: /^Instances/ }).click();
    const kill = page.getByRole('button', { name: /^Kill [0-9a-f]{8}$/ });
    await waitFor('one instance is left', async () => (await kill.count()) === 1);
    // The instance stays, its containers are others.
    const link = page.getByRole('link', { name: 'only' });
    const before = await link.getAttribute('href');
    await kill.click();
    await page.getByRole('dialog').getByRole('button', { name: 'Kill', exact: true }).click();
    await waitFor('another container is there', async () => {
      const links = await link.evaluateAll((found) => found.map((one) => one.getAttribute('href')));
      return links.length === 1 && links[0] !== before;
    });
    await confirm(page, 'Destroy');
    await page.getByText('There is no pod with this id').waitFor();
  }, 60_000);

  test.each(BOTH)(
    'a node shows who holds what of it, and is cordoned, drained and given work again (%s)',
    async (width) => {
      await suite.platform.call('POST', '/v2/apps', { id: '/a-worker', ...SLEEPER });
      await suite.platform.settled();
      const page = await suite.browser.open('/nodes', width);
      await page.getByRole('table', { name: 'Nodes' }).getByRole('link').first().click();
      const table = page.getByRole('region', { name: 'Frameworks and roles, a table' });
      await table.getByRole('rowheader', { name: /marathon/ }).waitFor();
      await page.getByRole('table', { name: 'Instances on this node' }).getByText('/a-worker').waitFor();
      await confirm(page, 'Cordon');
      await page.getByText('Cordoned', { exact: true }).waitFor();
      await confirm(page, 'Drain');
      await page
        .getByText(/^Drain(ing|ed)$/)
        .first()
        .waitFor();
      await confirm(page, 'Uncordon');
      await page.getByText('Active', { exact: true }).waitFor();
    },
    60_000,
  );

  test('nothing broke in any page', () => {
    // A refusal is an answer, which browsers write down as an error of loading: what is gone, and what was just ended.
    expect(suite.browser.problems.filter((problem) => !/status of (404|409|412)/.test(problem))).toEqual([]);
  });
});

function idIn(page: Page): Promise<string> {
  return page.getByLabel('Id', { exact: true }).inputValue();
}

function isRunning({ state }: { readonly state: string }): boolean {
  return state === 'TASK_RUNNING';
}
