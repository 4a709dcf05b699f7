/** What one can do in the console, at a desk and on a phone, and what a real platform makes of it. */
import { Buffer } from 'node:buffer';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { WIDTHS, everyLook } from './support/console-browser.ts';
import { SLEEPER, chooseFromMenu, describeConsole, paste } from './support/console-suite.ts';
import { waitFor } from './support/running-platform.ts';

describeConsole('actions in the console', (suite) => {
  async function instances(id: string): Promise<number> {
    return (await suite.platform.call('GET', `/v2/apps${id}`)).body.app.instances;
  }

  test('an app is described in the form, which the JSON follows, and the other way round', async () => {
    const page = await suite.browser.open('/new');
    await page.getByLabel('Id', { exact: true }).fill('/made/by-form');
    await page.getByLabel('Command', { exact: true }).fill('sleep 1000');
    const json = page.getByLabel('App as JSON');
    await json.getByText('"sleep 1000"').waitFor();
    await paste(page, { id: '/made/by-json', ...SLEEPER, instances: 'many' });
    expect(await page.getByLabel('Id', { exact: true }).inputValue()).toBe('/made/by-json');
    await page.getByText('/instances').first().waitFor();
    expect(await page.getByRole('button', { name: 'Deploy' }).isDisabled()).toBe(true);
    await page.getByLabel('Instances', { exact: true }).fill('1');
    await page.getByRole('button', { name: 'Deploy' }).click();
    await page.getByText('Serving: 1 instance running').waitFor();
  }, 60_000);

  test('what only the server knows to be wrong is said at its field', async () => {
    const page = await suite.browser.open('/new');
    await paste(page, { id: '/wrong', ...SLEEPER, healthChecks: [{ protocol: 'HTTP', portIndex: 7 }] });
    await page.getByRole('button', { name: 'Deploy' }).click();
    await page
      .getByText(/healthChecks\(0\)/)
      .first()
      .waitFor();
    expect((await suite.platform.call('GET', '/v2/apps/wrong')).status).toBe(404);
  });

  test('scaling says what will happen; a deployment in the way can be overruled', async () => {
    await suite.platform.change('POST', '/v2/apps', { id: '/scaled', ...SLEEPER });
    const page = await suite.browser.open('/app/scaled', 'phone');
    await page.getByRole('button', { name: 'Scale' }).click();
    await page.getByRole('spinbutton', { name: 'Instances' }).fill('3');
    await page.getByText('2 instances more will be started.').waitFor();
    await page.getByRole('button', { name: 'Scale to 3' }).click();
    await page.getByText('Serving: 3 instances running').waitFor();
    await suite.platform.settled();
    // Nothing can place this: the deployment stays, and holds the app.
    await suite.platform.call('PUT', '/v2/apps/scaled', { cpus: 500 });
    await page.getByRole('button', { name: 'Scale' }).click();
    await page.getByRole('spinbutton', { name: 'Instances' }).fill('2');
    await page.getByRole('button', { name: 'Scale to 2' }).click();
    await page.getByRole('alert').getByText('A deployment is under way.').waitFor();
    expect(await everyLook(page)).toEqual([]);
    expect(await instances('/scaled')).toBe(3);
    await page.getByRole('button', { name: 'Scale to 2 by force' }).click();
    await waitFor('the app is scaled', async () => (await instances('/scaled')) === 2);
    await suite.platform.change('DELETE', '/v2/apps/scaled?force=true');
  }, 60_000);

  test('restart, suspend and destroy', async () => {
    await suite.platform.change('POST', '/v2/apps', { id: '/ended', ...SLEEPER });
    const page = await suite.browser.open('/app/ended');
    const [before] = await suite.platform.tasks('/ended');
    await page.getByRole('button', { name: 'Restart' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Restart' }).click();
    await waitFor('another task runs', async () =>
      (await suite.platform.tasks('/ended')).every(({ id }) => id !== before?.id),
    );
    await suite.platform.settled();
    await chooseFromMenu(page, 'More actions', 'Suspend');
    await page.getByRole('button', { name: 'Suspend', exact: true }).click();
    await page.getByText('Suspended: no instance is wanted').waitFor();
    await suite.platform.settled();
    await chooseFromMenu(page, 'More actions', 'Destroy');
    await page.getByText('This cannot be taken back.').waitFor();
    expect(await everyLook(page)).toEqual([]);
    await page.getByRole('button', { name: 'Destroy', exact: true }).click();
    await page.getByText('There is no app with this id').waitFor();
  }, 60_000);

  test('chosen instances are ended together, with fewer wanted afterwards', async () => {
    await suite.platform.change('POST', '/v2/apps', { id: '/chosen', ...SLEEPER, instances: 3 });
    const page = await suite.browser.open('/app/chosen');
    const boxes = page.getByRole('checkbox', { name: /^Choose [0-9a-f]{8}$/ });
    await boxes.nth(0).check();
    await boxes.nth(1).check();
    await page.getByRole('button', { name: 'Kill and scale down' }).click();
    await page.getByRole('button', { name: 'Kill and scale', exact: true }).click();
    await waitFor('one is wanted', async () => (await instances('/chosen')) === 1);
  }, 60_000);

  test('who edits is told that somebody else did too, member by member, and may put one change on top of the other', async () => {
    await suite.platform.change('POST', '/v2/apps', { id: '/shared', ...SLEEPER });
    const page = await suite.browser.open('/edit/shared');
    await page.getByLabel('Memory (MiB)').fill('32');
    await suite.platform.change('PUT', '/v2/apps/shared', { instances: 2 });
    await page.getByText('Somebody changed this app').waitFor();
    await page.getByRole('row', { name: 'instances 1 2 1 changed by them' }).waitFor();
    await page.getByRole('row', { name: 'mem 16 16 32 changed here' }).waitFor();
    await page.getByRole('button', { name: 'Put my changes on top' }).click();
    await page.getByText('Somebody changed this app').waitFor({ state: 'detached' });
    await suite.platform.change('PUT', '/v2/apps/shared', { mem: 64 });
    await page.getByText('You both changed the same members: yours would win.').waitFor();
    await page.getByRole('row', { name: 'mem 16 64 32 changed by both' }).waitFor();
    expect(await everyLook(page)).toEqual([]);
    await page.getByRole('button', { name: 'Put my changes on top' }).click();
    await page.getByRole('button', { name: 'Deploy the change' }).click();
    const review = page.getByRole('dialog', { name: 'What will change' });
    await review.getByText('"mem": 32').waitFor();
    expect(await everyLook(page)).toEqual([]);
    await review.getByRole('button', { name: 'Deploy the change' }).click();
    await page.getByText('Serving: 2 instances running').waitFor();
    expect((await suite.platform.call('GET', '/v2/apps/shared')).body.app).toMatchObject({ mem: 32, instances: 2 });
  }, 60_000);

  test('any version of an app or pod is where a new one begins, and so is a file', async () => {
    await suite.platform.change('POST', '/v2/apps', { id: '/dolly', ...SLEEPER, labels: { age: 'old' } });
    const { version } = (await suite.platform.call('GET', '/v2/apps/dolly')).body.app;
    await suite.platform.change('PUT', '/v2/apps/dolly', { labels: { age: 'young' } });
    const page = await suite.browser.open('/app/dolly?tab=configuration');
    await page.getByRole('combobox', { name: 'Version' }).selectOption(version);
    await page.getByRole('link', { name: 'Clone as …' }).click();
    const editor = page.getByLabel('App as JSON');
    await editor.getByText('"age": "old"').waitFor();
    await editor.getByText('"id": "/dolly-copy"').waitFor();

    const container = { name: 'one', exec: { command: { shell: 'sleep 1000' } }, resources: { cpus: 0.05, mem: 16 } };
    await suite.platform.change('POST', '/v2/pods', { id: '/herd', containers: [container] });
    await page.goto(`${suite.wire.url}/pod/herd?tab=configuration`);
    await page.getByRole('link', { name: 'Clone as …' }).click();
    await page.getByRole('heading', { name: 'New pod' }).waitFor();
    await page.getByLabel('Pod as JSON').getByText('"id": "/herd-copy"').waitFor();

    const file = (name: string, text: string) => ({ name, mimeType: 'application/json', buffer: Buffer.from(text) });
    const field = page.locator('input[type=file]');
    await field.setInputFiles(file('broken.json', '{ "id": '));
    await page.getByText(/^The file is no JSON object/).waitFor();
    await field.setInputFiles(file('app.json', JSON.stringify({ id: '/from-a-file', ...SLEEPER })));
    await page.getByRole('heading', { name: 'New app' }).waitFor();
    await page.getByRole('button', { name: 'Deploy', exact: true }).click();
    await page.getByText('Serving: 1 instance running').waitFor();
  }, 60_000);

  test('a descriptor of an old Marathon is pasted, shown in the present form, and deployed', async () => {
    const page = await suite.browser.open('/new');
    const portMappings = [{ containerPort: 80, hostPort: 0, servicePort: 10_080 }];
    const docker = { image: 'nginx', network: 'BRIDGE', portMappings };
    await paste(page, { id: '/old/docker', cpus: 0.1, mem: 16, container: { type: 'DOCKER', docker } });
    const older = page.getByRole('region', { name: 'Older form' });
    await older.getByText('container.docker.portMappings').waitFor();
    expect(await everyLook(page)).toEqual([]);
    await older.getByRole('button', { name: 'Write it in the present form' }).click();
    await older.waitFor({ state: 'detached' });
    await page.getByLabel('App as JSON').getByText('"container/bridge"').waitFor();
    expect(await page.getByLabel('Image').inputValue()).toBe('nginx');

    await paste(page, { id: '/old/address', ...SLEEPER, ipAddress: { networkName: 'wide', labels: { a: 'b' } } });
    await older.getByText('ipAddress').waitFor();
    await older.getByRole('button', { name: 'Write it in the present form' }).click();
    await page.getByLabel('App as JSON').getByText('"wide"').waitFor();

    const note = join(suite.platform.folder, 'note.txt');
    await writeFile(note, 'fetched');
    const uris = [`file://${encodeURI(note)}`];
    await paste(page, { ...SLEEPER, id: '/old/plain', cmd: 'test -f note.txt && sleep 100000', uris, ports: [0] });
    await older.getByText('uris').waitFor();
    await page.getByRole('button', { name: 'Deploy' }).click();
    await page.getByText('Serving: 1 instance running').waitFor();
    const { app } = (await suite.platform.call('GET', '/v2/apps/old/plain')).body;
    expect(app).toMatchObject({ fetch: [{ uri: uris[0] }], portDefinitions: [{ protocol: 'tcp' }] });
    expect(app).not.toHaveProperty('uris');
    await suite.platform.settled();
  }, 60_000);

  test('what a lock holds back says why, and can be done all the same', async () => {
    await suite.platform.change('POST', '/v2/apps', { id: '/locked/app', ...SLEEPER });
    await suite.platform.call('PUT', '/v2/policies/locked', { lock: { reason: 'We sell today. Ask Ada.' } });
    const page = await suite.browser.open('/app/locked/app', 'phone');
    await page.getByRole('button', { name: 'Scale' }).click();
    await page.getByRole('spinbutton', { name: 'Instances' }).fill('2');
    await page.getByRole('button', { name: 'Scale to 2' }).click();
    await page.getByRole('alert').getByText('We sell today. Ask Ada.').waitFor();
    expect(await everyLook(page)).toEqual([]);
    expect(await instances('/locked/app')).toBe(1);
    await page.getByRole('button', { name: 'Override and scale to 2' }).click();
    await page.getByText('Serving: 2 instances running').waitFor();
    await suite.platform.settled();
    await page.goto(`${suite.wire.url}/edit/locked/app`);
    await page.getByLabel('Memory (MiB)').fill('24');
    await page.getByRole('button', { name: 'Deploy the change' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Deploy the change' }).click();
    await page.getByRole('alert').getByText('We sell today. Ask Ada.').waitFor();
    await page.getByRole('button', { name: 'Override and deploy the change' }).click();
    await page.getByText('Serving: 2 instances running').waitFor();
    await suite.platform.settled();
    expect((await suite.platform.call('GET', '/v2/apps/locked/app')).body.app).toMatchObject({ mem: 24 });
  }, 60_000);

  test('what would make an app fit is shown as a change, and deployed only when a person says so', async () => {
    const id = '/too-big';
    await suite.platform.call('POST', '/v2/apps', { id, cmd: 'sleep 1000', cpus: 500, mem: 16 });
    const page = await suite.browser.open(`/app${id}`, 'phone');
    await page.getByRole('button', { name: 'Why?' }).click();
    const nearest = page.getByRole('region', { name: 'Nearest fit' });
    await nearest.getByText(/lacks [\d.]+ cores\. With [\d.]+ cores? an instance would fit there/).waitFor();
    await nearest.getByRole('button', { name: 'Look at this change' }).click();
    const review = page.getByRole('dialog', { name: 'What will change' });
    await review.getByText('"cpus": 500').waitFor();
    expect((await suite.platform.call('GET', `/v2/apps${id}`)).body.app.cpus).toBe(500);
    expect(await everyLook(page)).toEqual([]);
    await page.setViewportSize(WIDTHS.phone);
    await review.getByRole('button', { name: 'Deploy the change' }).click();
    // What waits for a place holds the app: that is said, and can be overruled.
    await page.getByRole('button', { name: 'Deploy the change by force' }).click();
    await page.getByText('Serving: 1 instance running').waitFor();
    await suite.platform.change('DELETE', `/v2/apps${id}?force=true`);
  }, 60_000);

  test('by keyboard alone an app is found and scaled', async () => {
    const page = await suite.browser.open('/');
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
    // A refusal is an answer, which browsers write down as an error of loading.
    const expected = /status of (409|404|422|423)/;
    expect(suite.browser.problems.filter((problem) => !expected.test(problem))).toEqual([]);
  });
});
