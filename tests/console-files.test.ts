/** Files and logs in the console: read from their end and back, followed, searched, and harmless whatever they contain. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { everyLook, type Width } from './support/console-browser.ts';
import { BOTH, describeConsole, type ConsoleSuite } from './support/console-suite.ts';
import { waitFor, type RunningPlatform } from './support/running-platform.ts';

/** More than two pieces of numbered lines, then one line each second. */
const TALKER = [
  'seq -f "line %06g" 1 12000',
  'mkdir -p sub/folder && echo "deep down" > sub/folder/deep.txt',
  'i=0; while true; do i=$((i+1)); echo "tick $i"; sleep 1; done',
].join('; ');

/** Everything that a log must not be able to do. Octal, since shells differ in what else they know. */
const HOSTILE = [
  String.raw`printf '<script>window.hacked=1</script><img src=x onerror=window.hacked=1>\n' >&2`,
  String.raw`printf 'plain \033[31mred words\033[0m \033[2J\033]0;title\007plain\n' >&2`,
  String.raw`printf 'turned \342\200\256 txt.exe\n' >&2`,
  String.raw`head -c 1000000 /dev/zero | tr '\0' x >&2; echo >&2`,
  String.raw`echo 'the last line' >&2`,
  String.raw`echo x > '<img src=x onerror=window.hacked=1>'`,
  'sleep 100000',
].join('; ');

/** Says when each line was written, long ago and long from now. */
const JOURNAL = [
  'echo "2001-01-01T10:00:00Z INFO began"',
  'echo "2001-01-01T10:00:01Z ERROR 42 it went wrong"; echo "   at the first place"; echo "   at the second"',
  'echo "   at the third"; echo "2099-01-01T10:00:00Z ERROR 43 again"; sleep 100000',
].join('; ');

async function prepare(platform: RunningPlatform): Promise<void> {
  const app = { cpus: 0.05, mem: 32 };
  await platform.call('POST', '/v2/apps', { id: '/talker', cmd: TALKER, ...app });
  const labels = { '<script>window.hacked=1</script>': '\u202Eevil' };
  await platform.call('POST', '/v2/apps', { id: '/hostile', cmd: HOSTILE, labels, ...app });
  await platform.call('POST', '/v2/apps', { id: '/journal', cmd: JOURNAL, ...app });
  const container = (name: string) => ({
    name,
    exec: { command: { shell: `echo "I am ${name}"; sleep 100000` } },
    resources: { cpus: 0.05, mem: 16 },
  });
  await platform.call('POST', '/v2/pods', { id: '/duet', containers: [container('voice'), container('piano')] });
  const speaker = 'echo "I am $MESOS_TASK_ID"; sleep 100000';
  await platform.change('POST', '/v2/apps', { id: '/speakers', cmd: speaker, instances: 2, ...app });
}

function filesAndLogs(suite: ConsoleSuite): void {
  async function openInstance(appId: string, width: Width, query = ''): Promise<Page> {
    const [task] = await suite.platform.tasks(appId);
    return suite.browser.open(`/instance/${task?.id ?? ''}${query}`, width);
  }

  const linesRead = async (page: Page): Promise<number> => {
    const text = await page.getByText(/lines read/).innerText();
    return Number(/^[\d,]+/.exec(text)?.[0].replaceAll(',', ''));
  };

  test.each(BOTH)(
    'a sandbox is walked through, and its files are shown (%s)',
    async (width) => {
      const page = await openInstance('/talker', width);
      const files = page.getByRole('region', { name: 'Files' });
      await files.getByRole('link', { name: 'sub', exact: true }).click();
      await files.getByRole('link', { name: 'folder', exact: true }).click();
      await files.getByRole('link', { name: 'deep.txt', exact: true }).click();
      await page.getByRole('log').getByText('deep down').waitFor();
      expect(new URL(page.url()).searchParams.get('file')).toBe('sub/folder/deep.txt');
      await page.getByRole('navigation', { name: 'Folder' }).getByRole('link', { name: 'sandbox' }).click();
      await files.getByRole('link', { name: 'stdout', exact: true }).waitFor();
    },
    60_000,
  );

  test.each(BOTH)(
    'a log is followed, searched, wrapped, read from its beginning and back from its end (%s)',
    async (width) => {
      const page = await openInstance('/talker', width);
      const log = page.getByRole('log');
      const tick = async (): Promise<number> =>
        Math.max(0, ...(await log.getByText(/^tick \d+$/).allInnerTexts()).map((text) => Number(text.slice(5))));
      const first = await waitFor('a line of the end is shown', tick);
      await waitFor('later lines follow', async () => (await tick()) > first + 1);

      await page.getByLabel('Search in what is read').fill('line 011990');
      await page.getByText('1 of 1').waitFor();
      await log.locator('mark', { hasText: 'line 011990' }).waitFor();
      await page.getByLabel('Search in what is read').fill('');

      await page.getByRole('button', { name: 'Do not wrap lines' }).click();
      await page.getByRole('button', { name: 'Wrap lines' }).waitFor();

      await page.getByRole('button', { name: 'To the end' }).click();
      await page.getByText(/more before/).waitFor();
      const known = await linesRead(page);
      await page.getByLabel('Follow').uncheck();
      await waitFor('what stands before is read', async () => {
        await log.evaluate((element) => {
          element.scrollTop = 0;
        });
        return (await linesRead(page)) > known + 2_000;
      });

      await page.getByRole('button', { name: 'To the beginning' }).click();
      await log.getByText('line 000001').waitFor();
    },
    60_000,
  );

  test('a file is downloaded whole', async () => {
    const page = await openInstance('/talker', 'desk');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download stdout' }).first().click(),
    ]);
    expect(await readFile(await download.path(), 'utf8')).toMatch(/^line 000001\n[^]*line 012000\n/);
  });

  test.each(BOTH)(
    'nothing that a log, a file name or a label contains is more than text (%s)',
    async (width) => {
      const page = await openInstance('/hostile', width, '?file=stderr');
      const log = page.getByRole('log');
      await log.getByText('the last line').waitFor();
      await page.getByRole('button', { name: 'To the beginning' }).click();
      await log.getByText('<script>window.hacked=1</script><img src=x onerror=window.hacked=1>').waitFor();
      expect(await log.locator('[data-color="1"]').allInnerTexts()).toEqual(['red words']);
      await log.getByText(String.raw`turned \u202e txt.exe`).waitFor();
      await page.getByRole('link', { name: '<img src=x onerror=window.hacked=1>', exact: true }).waitFor();
      await page.goto(`${suite.wire.url}/app/hostile?tab=logs`);
      await page.getByText('<script>window.hacked=1</script>').first().waitFor();
      expect(await page.evaluate(() => 'hacked' in globalThis)).toBe(false);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow).toBe(0);
    },
    60_000,
  );

  test.each(BOTH)(
    'the logs of all instances are one, those of ended ones too (%s)',
    async (width) => {
      const [ended] = await suite.platform.tasks('/speakers');
      const id = ended?.id ?? '';
      await suite.platform.call('POST', '/v2/tasks/delete', { ids: [id] });
      await waitFor('another runs', async () => {
        const tasks = await suite.platform.tasks('/speakers');
        return tasks.length === 2 && tasks.every((task) => task.id !== id && task.state === 'TASK_RUNNING');
      });
      const page = await suite.browser.open('/app/speakers?tab=logs', width);
      const log = page.getByRole('log', { name: 'Merged log' });
      await log.getByText(`I am ${id}`).waitFor();
      for (const task of await suite.platform.tasks('/speakers')) await log.getByText(`I am ${task.id}`).waitFor();
      await page.getByLabel('Only lines with').fill(id);
      await page.getByText(/^1 line of \d instances$/).waitFor();
      await page.getByLabel('Only lines with').fill('');
      await page.getByRole('button', { name: 'Instance', exact: true }).click();
      const [, instance = '', launch = ''] = /-([0-9a-f]{8}).*\.(\d+)$/.exec(id) ?? [];
      const name = launch === '1' ? instance : `${instance}.${launch}`;
      await page.getByRole('checkbox', { name: new RegExp(`^${name}, ended `) }).check({ force: true });
      await page.keyboard.press('Escape');
      await page.getByText(/^1 line of 1 instance$/).waitFor();
      await log.getByText(`I am ${id}`).waitFor();
    },
    60_000,
  );

  test.each(BOTH)(
    'merged logs are searched by a pattern, with lines around, in some time; that view has an address and is a file (%s)',
    async (width) => {
      const page = await suite.browser.open('/app/journal?tab=logs', width);
      const log = page.getByRole('log', { name: 'Merged log' });
      await log.getByText('at the third').waitFor();
      await page.getByRole('button', { name: 'As a regular expression' }).click();
      await page.getByLabel('Only lines that match').fill('error (');
      await page.getByRole('alert').getByText('missing closing )').waitFor();
      await page.getByLabel('Only lines that match').fill(String.raw`error \d+`);
      await page.getByText(/^2 lines of 1 instance$/).waitFor();
      expect(await log.locator('mark').allInnerTexts()).toEqual(['ERROR 42', 'ERROR 43']);
      await page.getByLabel('Lines around each').selectOption('2');
      await log.getByText('at the second').waitFor();
      await page.getByRole('button', { name: 'Time' }).click();
      await page.getByLabel('To', { exact: true }).fill('2050-01-01T00:00:00');
      await page.keyboard.press('Escape');
      await page.getByText(/^1 line of 1 instance$/).waitFor();
      expect(await log.locator('mark').allInnerTexts()).toEqual(['ERROR 42']);

      const other = await suite.browser.open(page.url().slice(suite.wire.url.length), width);
      const [download] = await Promise.all([
        other.waitForEvent('download'),
        (async () => {
          await other.getByText(/^1 line of 1 instance$/).waitFor();
          await other.getByRole('button', { name: 'Download what is shown' }).click();
        })(),
      ]);
      expect(download.suggestedFilename()).toBe('journal.log');
      const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\n');
      expect(lines.map((line) => line.slice(10))).toEqual([
        '2001-01-01T10:00:00Z INFO began',
        '2001-01-01T10:00:01Z ERROR 42 it went wrong',
        '   at the first place',
        '   at the second',
      ]);
      await other.getByRole('button', { name: /^until 2050/ }).click();
      await other.getByRole('button', { name: 'Last hour' }).click();
      await other.getByRole('button', { name: 'Any time' }).click();
      await other.keyboard.press('Escape');
      await other.getByText(/^2 lines of 1 instance$/).waitFor();
      expect(await everyLook(other)).toEqual([]);
    },
    60_000,
  );

  test('a log is read back from its end as far as one likes', async () => {
    const page = await suite.browser.open('/app/talker?tab=logs');
    await page.getByRole('log', { name: 'Merged log' }).waitFor();
    await page.getByLabel('Only lines with').fill('line 000001');
    await page.getByText('None of the lines that were read matches.').waitFor();
    await page.getByRole('button', { name: 'Read further back in 1 log' }).click();
    await page.getByRole('log', { name: 'Merged log' }).getByText('line 000001').waitFor();
    expect(await page.getByRole('button', { name: /Read further back/ }).count()).toBe(0);
  });

  test('the logs of all containers of a pod are one, and those of one container can be had alone', async () => {
    const page = await suite.browser.open('/pod/duet');
    await page.getByRole('link', { name: 'Logs', exact: true }).click();
    const log = page.getByRole('log', { name: 'Merged log' });
    for (const name of ['voice', 'piano']) await log.getByText(`I am ${name}`).waitFor();
    await page.getByRole('button', { name: 'Container' }).click();
    await page.getByRole('checkbox', { name: 'piano' }).check({ force: true });
    await page.keyboard.press('Escape');
    await log.getByText('I am voice').waitFor({ state: 'detached' });
    await page.getByText(/^1 line of 1 container$/).waitFor();
    expect(new URL(page.url()).searchParams.get('container')).toBe('["piano"]');
  });

  test('nothing broke in any page', () => {
    expect(suite.browser.problems).toEqual([]);
  });
}

describeConsole('files in the console', filesAndLogs, { prepare });
