/** Commands inside running tasks, by the command line and the orchestrator's port. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shellApp } from './support/apps.ts';
import { RunningPlatform, STADION, run, waitFor } from './support/running-platform.ts';

/** Several starts of the command line, on a machine that may have much else to do. */
const LIMIT_MS = 120_000;

describe('sessions inside tasks', { timeout: LIMIT_MS }, () => {
  let platform: RunningPlatform;
  let taskId = '';
  beforeAll(async () => {
    platform = await RunningPlatform.start();
    await platform.change('POST', '/v2/apps', shellApp('/inside', 'sleep 1000', { env: { WORD: 'here' } }));
    taskId = (await platform.tasks('/inside'))[0]?.id ?? '';
  }, LIMIT_MS);
  afterAll(async () => {
    await platform.dispose();
  }, LIMIT_MS);

  function withInput(input: string, ...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const env = { ...process.env, STADION_URL: platform.addresses.orchestrator, NO_COLOR: '1' };
    return new Promise((resolve) => {
      const child = execFile(process.execPath, [STADION, ...words], { env }, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
      });
      child.stdin?.end(input);
    });
  }

  it('run a command with the environment of the task, and pass its output and status on', async () => {
    const done = await platform.cli('exec', taskId, '--', 'sh', '-c', 'echo $WORD; echo oops >&2; exit 7');
    expect(done).toEqual({ code: 7, stdout: 'here\n', stderr: 'oops\n' });
  });

  it('pass input on, to its end', async () => {
    const done = await withInput('one\ntwo\n', 'exec', '-i', taskId, '--', 'wc', '-l');
    expect(done).toMatchObject({ code: 0, stdout: '2\n' });
  });

  it('have a terminal when one is wanted', async () => {
    const done = await withInput('', 'exec', '-t', taskId, '--', 'tty');
    expect(done.stdout).toMatch(/^\/dev\/pts\/\d+/);
  });

  it('show what the task itself writes from now on, and its end', async () => {
    const cmd = 'echo before; until [ -e go ]; do sleep 0.1; done; echo said; echo wrong >&2';
    await platform.call('POST', '/v2/apps', shellApp('/writer', cmd));
    const writer = await waitFor('it runs', async () => {
      const running = (await platform.tasks('/writer')).find(({ state }) => state === 'TASK_RUNNING');
      return running?.id;
    });
    const go = join(await platform.sandboxOf(writer), 'go');
    await waitFor('it has begun', async () => (await readFile(join(dirname(go), 'stdout'), 'utf8')) === 'before\n');
    const attached = platform.cli('attach', writer);
    const log = join(platform.dataDirectory, 'log', 'audit.log');
    await waitFor('somebody is attached', async () => (await readFile(log, 'utf8')).includes('"task attach"'));
    // On record before it is: the agent may still be opening the files.
    const poke = await platform.cli('exec', writer, '--', 'true');
    expect(poke.code).toBe(0);
    await writeFile(go, '');
    expect(await attached).toEqual({ code: 0, stdout: 'said\n', stderr: 'wrong\n' });
    await platform.change('DELETE', '/v2/apps/writer');
  });

  it('pass input on to a task with a terminal, and let go of it', async () => {
    const cmd = 'while read word; do echo "got $word"; done';
    await platform.change('POST', '/v2/apps', shellApp('/shell', cmd, { tty: true }));
    const shell = (await platform.tasks('/shell'))[0]?.id ?? '';
    const attached = withInput('something\r\u0010\u0011', 'attach', '-i', shell);
    const stdout = join(await platform.sandboxOf(shell), 'stdout');
    await waitFor('it got the input', async () => (await readFile(stdout, 'utf8')).includes('got something\r\n'));
    expect(await attached).toMatchObject({ code: 0 });
    expect((await platform.tasks('/shell'))[0]).toMatchObject({ id: shell, state: 'TASK_RUNNING' });
    const refused = await withInput('x', 'attach', '-i', taskId);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('"tty": true') });
    await platform.change('DELETE', '/v2/apps/shell');
  });

  it('copy files in and out', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stadion-copy-'));
    try {
      // Enough that both ends have to wait for each other.
      const bytes = Buffer.alloc(3_000_000, 'stadion');
      await writeFile(join(folder, 'file'), bytes);
      const sandbox = await platform.sandboxOf(taskId);
      const copied = await platform.cli('cp', join(folder, 'file'), `${taskId}:${sandbox}`);
      expect(copied).toMatchObject({ code: 0, stderr: '' });
      expect(bytes.equals(await readFile(join(sandbox, 'file')))).toBe(true);
      await rm(join(folder, 'file'));
      expect((await platform.cli('cp', `${taskId}:${sandbox}/file`, folder)).code).toBe(0);
      expect(bytes.equals(await readFile(join(folder, 'file')))).toBe(true);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('show what the tasks use, in a table and for programs', async () => {
    const table = await platform.cli('top', '/inside');
    expect(table.stdout).toMatch(/^TASK +NODE +CPU .*\ninside\.[0-9a-f]{8} /);
    const { stdout } = await platform.cli('top', '-o', 'json', taskId);
    expect(JSON.parse(stdout)).toMatchObject([
      { task: taskId, cpus: expect.any(Number), processes: expect.any(Number) },
    ]);
  });

  it('are on record: who, what, and when', async () => {
    const text = await readFile(join(platform.dataDirectory, 'log', 'audit.log'), 'utf8');
    const entries = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(entries[0]).toMatchObject({
      at: expect.stringMatching(/^\d{4}-/),
      who: expect.stringContaining('127.0.0.1'),
      what: 'task exec',
      target: taskId,
      outcome: 'begun',
      details: { argv: ['sh', '-c', 'echo $WORD; echo oops >&2; exit 7'] },
    });
    expect(entries.some(({ outcome }) => outcome === 'done')).toBe(true);
  });

  it('are refused to web pages of others, on record too, and where nothing runs', async () => {
    const url = `${platform.addresses.orchestrator}/v2/tasks/${taskId}/exec?argv=id`;
    const upgrade = ['-H', 'Connection: Upgrade', '-H', 'Upgrade: stadion-session/1'];
    const status = ['-s', '-o', '/dev/null', '-w', '%{http_code}', '--max-time', '5'];
    const foreign = await run('curl', [...status, ...upgrade, '-H', 'Sec-Fetch-Site: cross-site', url]);
    expect(foreign.stdout).toBe('403');
    const text = await readFile(join(platform.dataDirectory, 'log', 'audit.log'), 'utf8');
    expect(text).toContain('"outcome":"refused"');
    const nowhere = await run('curl', [...status, ...upgrade, url.replace(taskId, 'nowhere')]);
    expect(nowhere.stdout).toBe('404');
  });

  it('that are asked for by nonsense are refused, and everything goes on', async () => {
    const { orchestrator, agent, master } = platform.addresses;
    for (const url of [orchestrator, agent, master]) {
      for (const target of ['/v2/tasks/%zz/exec?argv=id', '//', 'http://[', '*']) {
        expect([target, await firstLineTo(url, target, 'stadion-session/1')]).toEqual([target, 'HTTP/1.1 404 Refused']);
      }
    }
    // A handshake of no WebSocket: the command that was begun for it is ended.
    const target = `/v2/tasks/${taskId}/exec?argv=sleep&argv=4711`;
    expect(await firstLineTo(orchestrator, target, 'websocket')).toBe('HTTP/1.1 400 Bad Request');
    await waitFor(
      'no such command runs',
      async () => !(await run('ps', ['-eo', 'args'])).stdout.includes('sleep 4711'),
    );
    const log = join(platform.dataDirectory, 'log', 'audit.log');
    await waitFor('it is on record', async () => (await readFile(log, 'utf8')).includes('"outcome":"failed"'));
    expect((await platform.cli('exec', taskId, '--', 'true')).code).toBe(0);
  });
});

/** Asks for an upgrade by a request line of one's own. @returns the first line of the answer */
function firstLineTo(url: string, target: string, protocol: string): Promise<string> {
  const { host, hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const lines = [`GET ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: Upgrade', `Upgrade: ${protocol}`, '', ''];
    const socket = connect(Number(port), hostname, () => socket.write(lines.join('\r\n')));
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.once('error', reject);
    socket.once('close', () => resolve(text.split('\r\n', 1)[0] ?? ''));
  });
}
