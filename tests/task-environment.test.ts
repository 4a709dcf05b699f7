/** What a task really finds: variables, folder, ports, artifacts; and what becomes of it and its whole family. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TICKING, shellApp } from './support/apps.ts';
import { isRunning, processesWith } from './support/processes.ts';
import { RunningPlatform, run, waitFor, type TaskView } from './support/running-platform.ts';

const WRITE_VARIABLES = `
  require('fs').writeFileSync('new', JSON.stringify(process.env));
  require('fs').renameSync('new', 'variables');
  setInterval(() => {}, 1000);
`;

describe('a task', { timeout: 30_000 }, () => {
  let platform: RunningPlatform;
  beforeAll(async () => {
    platform = await RunningPlatform.start();
  });
  afterAll(async () => {
    await platform.dispose();
  });

  /** Deploys one instance that stays, and gives it with its sandbox. */
  async function deploy(app: Record<string, unknown>): Promise<{ task: TaskView; sandbox: string }> {
    await platform.change('POST', '/v2/apps', app);
    const [task] = await platform.tasks(String(app['id']));
    if (task === undefined) throw new Error('no task');
    return { task, sandbox: await platform.sandboxOf(task.id) };
  }

  /** Deploys an app whose task ends, and gives what is said about its end. */
  async function failureOf(app: Record<string, unknown>): Promise<{ message: string; state: string; taskId: string }> {
    const answer = await platform.call('POST', '/v2/apps', { backoffSeconds: 3600, ...app });
    expect(answer.status).toBe(201);
    const { id } = answer.body;
    const failure = await waitFor(
      'it has failed',
      async () => (await platform.call('GET', `/v2/apps${id}`)).body.app.lastTaskFailure,
    );
    await platform.change('DELETE', `/v2/apps${id}`);
    return failure;
  }

  const text = async (sandbox: string, name: string): Promise<string> => {
    await waitFor(`${name} is written`, () =>
      readFile(join(sandbox, name), 'utf8').then(
        (content) => content !== '',
        () => false,
      ),
    );
    return readFile(join(sandbox, name), 'utf8');
  };

  it('finds Marathon’s and Mesos’s variables, and none of the platform’s own', async () => {
    const { task, sandbox } = await deploy(
      shellApp('/shop/env', '', {
        // Without a shell, which might drop names that it cannot write.
        cmd: undefined,
        args: [process.execPath, '-e', WRITE_VARIABLES],
        mem: 32,
        portDefinitions: [
          { port: 0, protocol: 'tcp', name: 'http' },
          { port: 0, protocol: 'tcp', name: 'admin-api' },
        ],
        labels: { 'team.name': 'blue', tier: '2' },
        env: { GREETING: 'two words\nand a "line"', MARATHON_APP_RESOURCE_GPUS: 'mine', EMPTY: '' },
      }),
    );
    const variables = JSON.parse(await text(sandbox, 'variables'));
    const { portDefinitions } = (await platform.call('GET', '/v2/apps/shop/env')).body.app;
    const [first = 0, second = 0] = task.ports;
    expect(variables).toMatchObject({
      HOST: '127.0.0.1',
      PORT: String(first),
      PORT0: String(first),
      PORT1: String(second),
      PORTS: `${first},${second}`,
      [`PORT_${portDefinitions[0].port}`]: String(first),
      PORT_HTTP: String(first),
      'PORT_ADMIN-API': String(second),
      MARATHON_APP_ID: '/shop/env',
      MARATHON_APP_VERSION: task.version,
      MARATHON_APP_RESOURCE_CPUS: '0.01',
      MARATHON_APP_RESOURCE_MEM: '32.0',
      MARATHON_APP_RESOURCE_DISK: '0.0',
      MARATHON_APP_RESOURCE_GPUS: 'mine',
      MARATHON_APP_LABEL_TEAM_NAME: 'blue',
      MARATHON_APP_LABEL_TIER: '2',
      MARATHON_APP_LABELS: expect.stringMatching(/^(TEAM_NAME TIER|TIER TEAM_NAME)$/),
      MESOS_TASK_ID: task.id,
      MESOS_EXECUTOR_ID: task.id,
      MESOS_SANDBOX: sandbox,
      MESOS_DIRECTORY: sandbox,
      MESOS_SLAVE_ID: expect.stringMatching(/-S\d+$/),
      MESOS_FRAMEWORK_ID: expect.stringMatching(/-\d{4}$/),
      MESOS_AGENT_ENDPOINT: new URL(platform.addresses.agent).host,
      GREETING: 'two words\nand a "line"',
      EMPTY: '',
      PATH: process.env['PATH'],
    });
    expect(first).not.toBe(second);
    expect(process.env['VITEST']).toBeDefined();
    expect(variables).not.toHaveProperty('VITEST');
  });

  it('starts in its sandbox, with nothing open but its input and its two logs', async () => {
    const cmd = 'pwd; ls -l /proc/self/fd | grep -v /proc/ ; umask; cat; echo heard >&2; exec sleep 1000';
    const { sandbox } = await deploy(shellApp('/place', cmd));
    expect(await text(sandbox, 'stderr')).toBe('heard\n');
    const [place, ...rest] = (await text(sandbox, 'stdout')).trim().split('\n');
    expect(place).toBe(sandbox);
    const open = rest.flatMap((line) => / (\d+) -> (.*)$/.exec(line)?.slice(1, 3).join(' ') ?? []);
    expect(open.filter((file) => !file.endsWith(' /dev/null') && !file.startsWith('1 '))).toEqual([
      `2 ${sandbox}/stderr`,
    ]);
    expect((await stat(sandbox)).mode & 0o007).toBe(0);
  });

  it('without ports has no variables for ports', async () => {
    const { sandbox } = await deploy(shellApp('/portless', 'env > variables; exec sleep 1000'));
    expect(await text(sandbox, 'variables')).not.toMatch(/^PORT/m);
  });

  it('is started without a shell when it has args', async () => {
    const app = { id: '/args', args: ['/bin/sh', '-c', 'echo "$0|$1"; exec sleep 1000', 'a b', '$HOME "c"'] };
    const { sandbox } = await deploy({ ...shellApp('/args', ''), cmd: undefined, ...app });
    expect(await text(sandbox, 'stdout')).toBe('a b|$HOME "c"\n');
  });

  describe('that ends', () => {
    it('says its exit status', async () => {
      expect(await failureOf(shellApp('/status', 'exit 3'))).toMatchObject({
        state: 'TASK_FAILED',
        message: 'Command exited with status 3',
      });
    });

    it('says the signal that ended it', async () => {
      expect(await failureOf(shellApp('/signal', 'kill -SEGV $$'))).toMatchObject({
        state: 'TASK_FAILED',
        message: expect.stringMatching(/terminated with signal/i),
      });
    });

    it('because its command does not exist says so in its log', async () => {
      const failure = await failureOf(shellApp('/missing', 'no-such-command --flag'));
      expect(failure).toMatchObject({ state: 'TASK_FAILED', message: 'Command exited with status 127' });
      expect(await text(await platform.sandboxOf(failure.taskId), 'stderr')).toContain('no-such-command');
    });

    it('because its program does not exist says which', async () => {
      const failure = await failureOf({ ...shellApp('/program', ''), cmd: undefined, args: ['/no/such/program'] });
      expect(failure.state).toBe('TASK_FAILED');
      const told = `${failure.message}\n${await readFile(join(await platform.sandboxOf(failure.taskId), 'stderr'), 'utf8')}`;
      expect(told).toContain('/no/such/program');
    });

    it('by itself with success is started again, and that is no failure', async () => {
      await platform.call('POST', '/v2/apps', shellApp('/again', 'exit 0', { backoffSeconds: 0 }));
      await waitFor('it has run three times', async () => {
        const { tasks } = (await platform.ask('master', '/tasks?limit=1000')).body;
        return (
          tasks.filter((task: { name: string; state: string }) => {
            return task.name === 'again' && task.state === 'TASK_FINISHED';
          }).length >= 3
        );
      });
      expect((await platform.call('GET', '/v2/apps/again')).body.app.lastTaskFailure).toBeUndefined();
      await platform.change('DELETE', '/v2/apps/again?force=true');
    });

    it('takes its children along', async () => {
      const cmd = 'sleep 1001 & (sleep 1002 &) ; while [ ! -e end ]; do sleep 0.05; done; exit 4';
      const { task, sandbox } = await deploy(shellApp('/family', cmd, { backoffSeconds: 3600 }));
      // The shell starts its children a moment after the task runs.
      const family = await waitFor('its children are there', () => {
        const found = processesWith(`MESOS_SANDBOX=${sandbox}\0`);
        return found.length >= 4 && found;
      });
      await writeFile(join(sandbox, 'end'), '');
      await waitFor('it has failed', async () => {
        const { lastTaskFailure } = (await platform.call('GET', '/v2/apps/family')).body.app;
        return lastTaskFailure?.taskId === task.id;
      });
      await waitFor('nobody is left', () => !family.some(isRunning));
    });
  });

  describe('that is killed', () => {
    const pidOf = async (sandbox: string, name: string): Promise<number> => Number(await text(sandbox, name));

    it('ends on SIGTERM in its own way', async () => {
      const cmd = 'trap "echo bye; exit 0" TERM; echo ready; while true; do sleep 0.05; done';
      const { sandbox } = await deploy(shellApp('/polite', cmd));
      await text(sandbox, 'stdout');
      await platform.change('DELETE', '/v2/apps/polite');
      expect(await text(sandbox, 'stdout')).toBe('ready\nbye\n');
    });

    it('is ended after its grace period when it does not listen', async () => {
      const cmd = 'trap "" TERM; echo $$ > pid; while true; do sleep 0.05; done';
      const { sandbox } = await deploy(shellApp('/stubborn', cmd, { taskKillGracePeriodSeconds: 1 }));
      const pid = await pidOf(sandbox, 'pid');
      await platform.change('DELETE', '/v2/apps/stubborn');
      expect(isRunning(pid)).toBe(false);
    });

    it('leaves no daemon that has made itself independent', async () => {
      const daemon = `setsid sh -c 'echo $$ > daemon; trap "" TERM HUP; exec sleep 1003' < /dev/null > /dev/null 2>&1 &`;
      const cmd = `sh -c "${daemon.replaceAll('$', '\\$').replaceAll('"', '\\"')}"; exec sleep 1004`;
      const { sandbox } = await deploy(shellApp('/daemon', cmd, { taskKillGracePeriodSeconds: 1 }));
      const pid = await pidOf(sandbox, 'daemon');
      expect(isRunning(pid)).toBe(true);
      await platform.change('DELETE', '/v2/apps/daemon');
      await waitFor('the daemon is gone', () => !isRunning(pid));
    });
  });

  it('that writes much keeps its newest lines within bounds', async () => {
    const cmd = `for part in 0 1; do head -c 11000000 /dev/zero | tr '\\0' x; echo; echo part $part; while [ ! -e go$part ]; do sleep 0.05; done; done; ${TICKING}`;
    const { sandbox } = await deploy(shellApp('/chatty', cmd));
    for (const part of [0, 1]) {
      await waitFor('the log is rotated', async () => (await lastLine(join(sandbox, 'stdout.1'))) === `part ${part}`);
      await writeFile(join(sandbox, `go${part}`), '');
    }
    await waitFor('it goes on', async () => /^tick \d+$/.test(await lastLine(join(sandbox, 'stdout'))));
    const logs = (await readdir(sandbox)).filter((name) => name.startsWith('stdout')).sort();
    expect(logs).toEqual(['stdout', 'stdout.1', 'stdout.2']);
    expect(await lastLine(join(sandbox, 'stdout.2'))).toBe('part 0');
    expect((await stat(join(sandbox, 'stdout'))).size).toBeLessThan(1_000_000);
  });
});

/** The last whole line of a file; empty where there is none. */
async function lastLine(path: string): Promise<string> {
  const { stdout } = await run('tail', ['-n', '1', path]);
  return stdout.endsWith('\n') ? stdout.trim() : '';
}

describe('artifacts', { timeout: 30_000 }, () => {
  let platform: RunningPlatform;
  let server: Server;
  let base: string;
  let folder: string;
  const script = '#!/bin/sh\necho fetched > proof\nexec sleep 1000\n';
  const asked: string[] = [];
  beforeAll(async () => {
    platform = await RunningPlatform.start();
    folder = join(platform.folder, 'artifacts');
    await mkdir(join(folder, 'inner'), { recursive: true });
    await writeFile(join(folder, 'inner', 'run.sh'), script, { mode: 0o755 });
    const packed = await run('tar', ['-czf', 'packed.tar.gz', 'inner'], { cwd: folder });
    expect(packed.code).toBe(0);
    server = createServer((request, response) => {
      const path = request.url ?? '';
      asked.push(path);
      void readFile(join(folder, path.replace(/\?.*$/, ''))).then(
        (content) => response.end(content),
        () => response.writeHead(404).end('not here'),
      );
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.close();
    await platform.dispose();
  });

  const checksum = `sha256:${createHash('sha256').update(script).digest('hex')}`;

  async function deploy(id: string, cmd: string, fetch: readonly object[]): Promise<string> {
    await platform.change('POST', '/v2/apps', shellApp(id, cmd, { fetch }));
    const [task] = await platform.tasks(id);
    return platform.sandboxOf(task?.id ?? '');
  }

  async function failure(id: string, fetch: readonly object[]): Promise<string> {
    await platform.call('POST', '/v2/apps', shellApp(id, 'exec sleep 1000', { fetch, backoffSeconds: 3600 }));
    const { state, message } = await waitFor(
      'it has failed',
      async () => (await platform.call('GET', `/v2/apps${id}`)).body.app.lastTaskFailure,
    );
    expect(state).toBe('TASK_FAILED');
    await platform.change('DELETE', `/v2/apps${id}`);
    return message;
  }

  const proof = (sandbox: string) =>
    waitFor('the fetched script has run', () => readFile(join(sandbox, 'proof'), 'utf8').catch(() => undefined));

  it('are unpacked', async () => {
    const sandbox = await deploy('/archive', './inner/run.sh', [{ uri: `${base}/packed.tar.gz` }]);
    expect(await proof(sandbox)).toBe('fetched\n');
  });

  it('are left packed when asked to', async () => {
    const fetch = [{ uri: `${base}/packed.tar.gz`, extract: false, destPath: 'there/it-is.tar.gz' }];
    const sandbox = await deploy('/packed', 'exec sleep 1000', fetch);
    expect(await readdir(join(sandbox, 'there'))).toEqual(['it-is.tar.gz']);
    expect(await readdir(sandbox)).not.toContain('inner');
  });

  it('are made executable, when their checksum is right', async () => {
    const fetch = [{ uri: `${base}/inner/run.sh?token=a`, executable: true, checksum }];
    expect(await proof(await deploy('/checked', './run.sh', fetch))).toBe('fetched\n');
  });

  it('are refused when their checksum is wrong', async () => {
    const wrong = checksum.replace(/[0-9a-f]{4}$/, '0000');
    const message = await failure('/wrong', [{ uri: `${base}/inner/run.sh`, checksum: wrong }]);
    expect(message).toContain(`${base}/inner/run.sh`);
    expect(message).toMatch(/sha256/);
  });

  it('that are not there fail the task with their address and the reason', async () => {
    const message = await failure('/absent', [{ uri: `${base}/nothing` }]);
    expect(message).toContain(`${base}/nothing`);
    expect(message).toContain('404');
    expect(await failure('/nobody', [{ uri: `${await closedPort()}/file` }])).toMatch(/refused/i);
    expect(await failure('/nofile', [{ uri: 'file:///no/such/file' }])).toContain('/no/such/file');
  });

  it('come from this machine as well, and never to a place outside the sandbox', async () => {
    const fetch = [{ uri: pathToFileURL(join(folder, 'inner', 'run.sh')).href, executable: true }];
    expect(await proof(await deploy('/local', './run.sh', fetch))).toBe('fetched\n');
    for (const destPath of ['../../../outside', '/outside']) {
      const app = shellApp('/outside', 'exec sleep 1000', { fetch: [{ ...fetch[0], destPath }], backoffSeconds: 3600 });
      const answer = await platform.call('POST', '/v2/apps', app);
      if (answer.status === 201) {
        const { message } = await waitFor(
          'it has failed',
          async () => (await platform.call('GET', '/v2/apps/outside')).body.app.lastTaskFailure,
        );
        expect(message).toMatch(/outside|sandbox/);
        await platform.change('DELETE', '/v2/apps/outside');
      } else expect(answer.status).toBe(422);
    }
  });

  it('are fetched once for many tasks when they are cached', async () => {
    asked.splice(0);
    const fetch = [{ uri: `${base}/packed.tar.gz?cached`, cache: true }];
    await platform.change('POST', '/v2/apps', shellApp('/cached', './inner/run.sh', { fetch, instances: 3 }));
    for (const task of await platform.tasks('/cached')) await proof(await platform.sandboxOf(task.id));
    expect(asked).toEqual(['/packed.tar.gz?cached']);
  });
});

/** An address of this machine at which nobody listens. */
async function closedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}
