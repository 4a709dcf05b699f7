/** The console while time goes by: a connection that is cut, events of the past and the present, the map, and no mouse at all. */
import { expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { WIDTHS, everyLook } from './support/console-browser.ts';
import { BOTH, SLEEPER, describeConsole, type ConsoleSuite } from './support/console-suite.ts';
import { waitFor } from './support/running-platform.ts';
import { SecondAgent } from './support/second-agent.ts';

function whileTimeGoesBy(suite: ConsoleSuite): void {
  /** Where the focus is, by the name that is read aloud. */
  const focused = (page: Page): Promise<string> =>
    page.evaluate(
      () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '',
    );

  /** Presses Tab until something of this name has the focus. */
  async function tabTo(page: Page, name: RegExp): Promise<void> {
    for (let presses = 0; presses < 60; presses += 1) {
      if (name.test((await focused(page)).trim())) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`Tab never reached ${String(name)}`);
  }

  /** Presses Tab until the field of this label has the focus. */
  async function tabToField(page: Page, label: string): Promise<void> {
    const field = page.getByLabel(label, { exact: true });
    for (let presses = 0; presses < 60; presses += 1) {
      if (await field.evaluate((element) => element === document.activeElement)) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`Tab never reached ${label}`);
  }

  test('a part of the console that does not come at the first attempt comes at the next', async () => {
    const page = await suite.browser.open('/apps');
    let attempts = 0;
    await page.route('**/assets/json-editor*.js', (route) => {
      attempts += 1;
      return attempts < 3 ? route.abort('connectionreset') : route.continue();
    });
    await page.getByRole('link', { name: 'New app' }).first().click();
    await page.locator('.cm-content').first().waitFor();
    expect(attempts).toBe(3);
  });

  test('events of before the page was opened are there, filtered by kind and word, each with an address', async () => {
    const listener = await suite.browser.open('/events');
    await listener
      .getByText(/event.* since|Live/)
      .first()
      .waitFor();
    await suite.platform.change('POST', '/v2/apps', { id: '/early', ...SLEEPER });
    await listener.getByText('Deployment done').first().waitFor();
    for (const width of BOTH) {
      const page = await suite.browser.open('/events', width);
      await page.getByText('Deployment done').first().waitFor();
      await page.getByRole('button', { name: 'Kind' }).click();
      await page.getByRole('checkbox', { name: 'deployment success' }).check({ force: true });
      await page.keyboard.press('Escape');
      await page.getByText('Task running').first().waitFor({ state: 'detached' });
      await page.getByLabel('Search events').fill('nobody');
      await page.getByText('No event matches').waitFor();
      await page.getByLabel('Search events').fill('early');
      await page
        .getByRole('link', { name: /^Address of: Deployment done/ })
        .first()
        .click();
      const address = new URL(page.url());
      expect(address.searchParams.get('q')).toBe('early');
      const other = await suite.browser.open(`${address.pathname}${address.search}`, width);
      await other.locator('[data-chosen]').getByText('"deployment_success"').waitFor();
    }
  }, 60_000);

  test('the feed can be held still, and goes on', async () => {
    const page = await suite.browser.open('/events', 'phone');
    await page.getByRole('button', { name: 'Hold' }).click();
    await suite.platform.change('POST', '/v2/apps', { id: '/while-held', ...SLEEPER });
    await page.getByRole('button', { name: /Go on \(\d+ new events\)/ }).waitFor();
    expect(await page.getByRole('link', { name: '/while-held' }).count()).toBe(0);
    await page.getByRole('button', { name: /Go on/ }).click();
    await page.getByRole('link', { name: '/while-held' }).first().waitFor();
  }, 60_000);

  test.each(BOTH)(
    'a connection that is cut is said to be, and afterwards nothing was missed (%s)',
    async (width) => {
      const id = `/cut-${width}`;
      await suite.platform.change('POST', '/v2/apps', { id, ...SLEEPER });
      const page = await suite.browser.open(`/app${id}`, width);
      await page.getByText('Serving: 1 instance running').waitFor();
      suite.wire.cut();
      const banner = page.getByRole('alert').getByText(/No connection to the platform/);
      await banner.waitFor();
      expect(await everyLook(page)).toEqual([]);
      await page.setViewportSize(WIDTHS[width]);
      await suite.platform.change('PUT', `/v2/apps${id}`, { instances: 2 });
      await page.getByText('Serving: 1 instance running').waitFor();
      suite.wire.mend();
      // It may come back by itself before the button is pressed, and take the button with it.
      const press = page.getByRole('button', { name: 'Try now' }).click();
      await Promise.race([press.catch(() => undefined), banner.waitFor({ state: 'detached' })]);
      await banner.waitFor({ state: 'detached' });
      await page.getByText('Serving: 2 instances running').waitFor();
      // What happened meanwhile came along, once.
      await page.getByRole('navigation', { name: 'About this app' }).getByRole('link', { name: 'Events' }).click();
      await page.getByText('Task running').nth(1).waitFor();
      expect(await page.getByText('Task running').count()).toBe(2);
    },
    60_000,
  );

  test.each(BOTH)(
    'the map shows every instance, coloured by what one wants to see (%s)',
    async (width) => {
      const page = await suite.browser.open('/map', width);
      const square = page.getByRole('link', { name: /^\/early [0-9a-f]{8}, unknown$/ });
      await square.waitFor();
      await page.getByLabel('Coloured by').selectOption('app');
      await waitFor('the address says so', () => new URL(page.url()).searchParams.get('colour') === 'app');
      await page.getByLabel('Coloured by').selectOption('reserved');
      await page.getByText(/^\d+ % reserved$/).waitFor();
      await page.getByLabel('Coloured by').selectOption('version');
      const current = page.getByRole('link', { name: /^\/early [0-9a-f]{8}, current$/ });
      await current.focus();
      await page.getByText('Highlighted: /early').waitFor();
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1 }).getByText('Running').waitFor();
    },
    60_000,
  );

  test('by keyboard alone an app is created, changed, scaled and destroyed', async () => {
    const page = await suite.browser.open('/');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Skip to the content');
    await page.keyboard.press('c');
    await page.getByRole('heading', { name: 'New app' }).waitFor();
    await page.getByLabel('App as JSON').waitFor();
    await tabToField(page, 'Id');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('/by-keys');
    await tabToField(page, 'Command');
    await page.keyboard.type('sleep 1000');
    await page.keyboard.press('Control+Enter');
    await page.getByText('Serving: 1 instance running').waitFor();
    await suite.platform.settled();
    await tabTo(page, /^Edit$/);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Edit /by-keys' }).waitFor();
    await page.getByLabel('App as JSON').waitFor();
    await tabToField(page, 'Command');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('sleep 2000');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('dialog', { name: 'What will change' }).getByText('"cmd": "sleep 2000"').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('Serving: 1 instance running').waitFor();
    await suite.platform.settled();
    await tabTo(page, /^Scale$/);
    await page.keyboard.press('Enter');
    await page.getByRole('spinbutton', { name: 'Instances' }).waitFor();
    await page.keyboard.press('Control+a');
    await page.keyboard.type('2');
    await page.keyboard.press('Enter');
    await page.getByText('Serving: 2 instances running').waitFor();
    await suite.platform.settled();
    expect((await suite.platform.call('GET', '/v2/apps/by-keys')).body.app).toMatchObject({ cmd: 'sleep 2000' });
    await tabTo(page, /^More actions$/);
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Destroy' }).waitFor();
    // A menu is there before it has the focus.
    await page.locator('[role=menuitem]:focus').waitFor();
    await page.keyboard.press('End');
    await waitFor('the last entry has the focus', async () => (await focused(page)).includes('Destroy'));
    await page.keyboard.press('Enter');
    await page.getByText('This cannot be taken back.').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('There is no app with this id').waitFor();
  }, 60_000);

  test.each(BOTH)(
    'nodes are chosen on the map or in the list and cared for together (%s)',
    async (width) => {
      const page = await suite.browser.open('/map', width);
      const chosen = page.getByRole('group', { name: 'With the chosen nodes' });
      await page.getByRole('checkbox', { name: /^Choose / }).check();
      await chosen.getByText('1 node chosen').waitFor();
      expect(await everyLook(page)).toEqual([]);
      await page.setViewportSize(WIDTHS[width]);
      await chosen.getByRole('button', { name: 'Drain' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('No other node could take it: apps will stop serving.').waitFor();
      await dialog.getByRole('spinbutton', { name: 'Minutes' }).fill('5');
      await dialog.getByText('What is left after 5 minutes is ended without a replacement.').waitFor();
      await page.keyboard.press('Escape');
      await page.goto(`${suite.wire.url}/nodes`);
      await page.getByRole('checkbox', { name: 'Choose all nodes' }).check();
      await chosen.getByRole('button', { name: 'Cordon' }).click();
      await dialog.getByRole('button', { name: 'Cordon' }).click();
      await page.getByRole('table', { name: 'Nodes' }).getByText('Cordoned').waitFor();
      await page.locator('[aria-haspopup=dialog]', { hasText: 'State' }).click();
      await page.getByRole('checkbox', { name: 'Active' }).check({ force: true });
      await page.getByText('None matches.').waitFor();
      await page.getByRole('checkbox', { name: 'Cordoned' }).check({ force: true });
      await page.keyboard.press('Escape');
      await chosen.getByRole('button', { name: 'Uncordon' }).click();
      await dialog.getByRole('button', { name: 'Uncordon' }).click();
      await page.getByRole('table', { name: 'Nodes' }).getByText('Active').waitFor();
    },
    60_000,
  );

  test('a box that is drawn on the map chooses the nodes that it touches', async () => {
    const page = await suite.browser.open('/map');
    const tile = page.getByRole('checkbox', { name: /^Choose / });
    await tile.waitFor();
    const { x, y } = (await tile.boundingBox()) ?? { x: 0, y: 0 };
    await page.mouse.move(x + 900, y + 30);
    await page.mouse.down();
    await page.mouse.move(x + 500, y + 20);
    await page.mouse.move(x + 100, y + 10);
    await page.mouse.up();
    await page.getByRole('group', { name: 'With the chosen nodes' }).getByText('1 node chosen').waitFor();
    await page.getByRole('button', { name: 'Choose none' }).click();
    expect(await tile.isChecked()).toBe(false);
  });

  test('from one instance one comes to the next, and sees what happened to it and on its node', async () => {
    await suite.platform.change('POST', '/v2/apps', { id: '/beside', ...SLEEPER, instances: 3 });
    const page = await suite.browser.open('/app/beside');
    const rows = page.getByRole('table', { name: 'Instances' }).getByRole('link', { name: /^[0-9a-f]{8}$/ });
    await rows.nth(2).waitFor();
    await rows.first().click();
    const beside = page.getByRole('navigation', { name: 'Instances beside this one' });
    await beside.waitFor();
    while ((await beside.getByRole('link', { name: /^Previous/ }).count()) > 0) {
      const before = page.url();
      await beside.getByRole('link', { name: /^Previous/ }).click();
      await page.waitForURL((url) => url.href !== before);
    }
    await beside.getByText('1 of 3').waitFor();
    await beside.getByRole('link', { name: /^Next/ }).click();
    await beside.getByText('2 of 3').waitFor();
    const events = page.getByRole('region', { name: 'Events', exact: true });
    await events.getByText('Task running').waitFor();
    expect(await events.getByText('Task running').count()).toBe(1);
    await page.getByRole('link', { name: '127.0.0.1', exact: true }).click();
    await events.getByText('Task running').nth(2).waitFor();
    await events.getByRole('link', { name: '/beside' }).first().waitFor();
  }, 60_000);

  test('the list of apps can be held still, and says how much changed meanwhile', async () => {
    const page = await suite.browser.open('/apps');
    const row = page.getByRole('link', { name: 'among', exact: true });
    await page.getByRole('link', { name: 'early', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Hold' }).click();
    await suite.platform.change('POST', '/v2/apps', { id: '/among', ...SLEEPER });
    await page.getByRole('button', { name: 'Go on (1 app changed)' }).waitFor();
    expect(await row.count()).toBe(0);
    await page.getByRole('button', { name: /^Go on/ }).click();
    await row.waitFor();
  }, 60_000);

  test('shortcuts lead everywhere, the palette knows nodes and what can be done with them', async () => {
    const page = await suite.browser.open('/');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    for (const [key, heading] of [
      ['a', 'Apps'],
      ['d', 'Deployments'],
      ['n', 'Nodes'],
      ['m', 'Map'],
      ['c', 'Cluster'],
      ['e', 'Events'],
      ['o', 'Overview'],
    ] as const) {
      await page.keyboard.press('g');
      await page.keyboard.press(key);
      await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
    }
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    expect(await everyLook(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('cordon 127');
    await page.getByRole('option', { name: 'Cordon 127' }).waitFor();
    expect(await everyLook(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByText('Nothing more is placed there.').waitFor();
    await page.keyboard.press('Escape');
  }, 60_000);

  test('help leads to the keys, the API and what the cluster is; keys of Marathon do what they did there', async () => {
    const page = await suite.browser.open('/');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.getByRole('button', { name: 'Help' }).click();
    await page.getByRole('menuitem', { name: 'The API' }).click();
    await page.getByLabel('Search operations').fill('drain agent');
    await page.getByRole('table', { name: 'Operations' }).getByText('/v2/cluster/agents/{agentId}/drain').waitFor();
    const address = await page.getByRole('link', { name: 'OpenAPI document' }).getAttribute('href');
    const { body } = await suite.platform.call('GET', address ?? '');
    expect(Object.keys(body.paths)).toContain('/v2/apps/{id}');
    await page.getByRole('heading', { name: 'API', level: 1 }).click();
    await page.keyboard.press('Shift+Comma');
    await page.getByRole('heading', { name: 'Cluster', level: 1 }).waitFor();
    await page.keyboard.press('Shift+C');
    const dialog = page.getByRole('dialog', { name: 'New group' });
    await dialog.getByLabel(/^Id/).fill('/Shop');
    await page.keyboard.press('Enter');
    await dialog.getByText('Shop is no name').waitFor();
    expect(await everyLook(page)).toEqual([]);
    await dialog.getByLabel(/^Id/).fill('/shop');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'New app' }).waitFor();
    expect(await page.getByRole('textbox', { name: 'Id' }).inputValue()).toBe('/shop/');
    await page.goto(`${suite.wire.url}/app/early`);
    await page.getByRole('heading', { name: '/early' }).waitFor();
    await page.keyboard.press('e');
    await page.getByRole('heading', { name: 'Edit /early' }).waitFor();
  }, 60_000);

  test('rows of a list are walked through by arrow keys', async () => {
    const page = await suite.browser.open('/apps');
    await page.getByRole('link', { name: 'early', exact: true }).focus();
    await page.keyboard.press('ArrowDown');
    await waitFor('the next row has the focus', async () => (await focused(page)) === 'while-held');
    await page.keyboard.press('s');
    expect(await page.getByLabel('Search apps').evaluate((field) => field === document.activeElement)).toBe(true);
  }, 60_000);

  test('a node shows over time what is used of what is promised', async () => {
    await suite.platform.change('PUT', '/v2/apps/busy', { cmd: 'while true; do :; done', cpus: 0.1, mem: 16 });
    const page = await suite.browser.open('/nodes', 'phone');
    await page.getByRole('table', { name: 'Nodes' }).getByRole('link').first().click();
    const use = page.getByRole('region', { name: 'Use over time' });
    await use.getByText(/^CPU (0\.[1-9]|[1-9])[\d.]* used of [\d.]+ cores promised$/).waitFor();
    await use.getByRole('img', { name: 'Memory used and promised over time' }).waitFor();
    expect(await everyLook(page)).toEqual([]);
    await page.context().close();
    await suite.platform.change('DELETE', '/v2/apps/busy');
  }, 60_000);

  test('nodes are found by their attributes, and one is taken out of service for ever', async () => {
    const second = await SecondAgent.start(suite.platform);
    try {
      const page = await suite.browser.open('/nodes');
      const table = page.getByRole('table', { name: 'Nodes' });
      await table.getByRole('link').nth(1).waitFor();
      await page.locator('[aria-haspopup=dialog]', { hasText: 'Attribute' }).click();
      await page.getByRole('checkbox', { name: 'zone=a' }).check({ force: true });
      await page.getByText('1 node', { exact: true }).waitFor();
      expect(await everyLook(page)).toEqual([]);
      await page.setViewportSize(WIDTHS.desk);
      await page.getByRole('checkbox', { name: 'zone=a' }).uncheck({ force: true });
      await page.keyboard.press('Escape');
      const { slaves } = (await suite.platform.ask('master', '/slaves')).body;
      const newest = slaves.find(({ attributes }: { attributes: object }) => !('zone' in attributes));
      await page.goto(`${suite.wire.url}/node/${String(newest.id)}`);
      await page.getByRole('button', { name: 'Decommission' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('Data in volumes that are kept there is lost to its apps.').waitFor();
      expect(await everyLook(page)).toEqual([]);
      await dialog.getByRole('button', { name: 'Decommission' }).click();
      await page.getByText('There is no node with this id').waitFor();
    } finally {
      await second.stop();
    }
  }, 120_000);

  test('a node that is lost is told of at the first look', async () => {
    const second = await SecondAgent.start(suite.platform);
    const { slaves } = (await suite.platform.ask('master', '/slaves')).body;
    const lost = slaves.find(({ attributes }: { attributes: object }) => !('zone' in attributes));
    try {
      await second.kill();
      const page = await suite.browser.open('/');
      const state = page.getByRole('region', { name: 'State of the cluster' });
      await state.getByText(/1 node (not answering|out of contact)/).waitFor();
      await state.getByText(/1 node out of contact/).waitFor();
      await page.getByRole('link', { name: '1 node, 1 more out of service' }).click();
      await page.getByRole('table', { name: 'Nodes' }).getByText('Out of contact').waitFor();
    } finally {
      await suite.platform.call('POST', `/v2/cluster/agents/${String(lost.id)}/gone`);
    }
  }, 120_000);

  test('nothing broke in any page', () => {
    // Where a connection is cut, browsers write that down; and refusals: of what is gone, of what is half written.
    const expected = /ERR_(CONNECTION|EMPTY|INCOMPLETE|SOCKET)|net::|status of (404|409|422)/;
    expect(suite.browser.problems.filter((problem) => !expected.test(problem))).toEqual([]);
  });
}

describeConsole('the console while time goes by', whileTimeGoesBy, { flags: ['--attributes', 'zone:a'] });
