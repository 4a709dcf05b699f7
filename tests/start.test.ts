/** The two minutes of a newcomer: `npm start` in a checkout, Ctrl-C, again; as root and as an ordinary user. */
import { spawn, type ChildProcess } from 'node:child_process';
import {
  chmod,
  chown,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shellApp } from './support/apps.ts';
import { processesWith } from './support/processes.ts';
import { REPOSITORY, RunningPlatform, callJson, run, waitFor } from './support/running-platform.ts';

const FREE_PORTS = ['--orchestrator-port', '0', '--master-port', '0', '--agent-port', '0'];
const NOBODY = 65_534;

/** Everything that was started, so that nothing outlives a test that failed. */
const running: Started[] = [];

describe('npm start in a folder with a space in its name', { timeout: 60_000 }, () => {
  let folder: string;
  let checkout: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stadion start '));
    checkout = join(folder, 'a checkout');
    await copyCheckout(checkout);
    await chmod(folder, 0o755);
  }, 60_000);
  afterAll(async () => {
    await Promise.all(running.map((each) => each.end('SIGKILL')));
    await rm(folder, { recursive: true, force: true });
  });

  it('runs the demo service, says where everything is, and ends everything on Ctrl-C, twice', async () => {
    const data = join(folder, 'data');
    for (const round of ['first', 'second']) {
      const started = start(checkout, data);
      await started.isReady();
      const { output } = started;
      const address = (name: string): string => new RegExp(`^ +${name} +(http://\\S+)$`, 'm').exec(output())?.[1] ?? '';
      expect((await callJson(`${address('orchestrator')}/ping`)).status, round).toBe(200);
      expect((await callJson(`${address('master')}/health`)).status).toBe(200);
      expect((await callJson(`${address('agent')}/health`)).status).toBe(200);
      expect((await callJson(`${address('demo service')}hello`)).body).toMatchObject({ app: '/demo' });
      const { app } = (await callJson(`${address('orchestrator')}/v2/apps/demo`)).body;
      expect(app.tasksHealthy).toBe(1);
      expect(output()).toContain(data);
      expect(output()).toMatch(/Try next:\n +1\. .+\n +2\. .+\n +3\. .+/);

      expect(processesWith(`MESOS_SANDBOX=${data}`)).not.toEqual([]);
      expect(await started.end('SIGINT')).toBe(0);
      expect(processesWith(`MESOS_SANDBOX=${data}`)).toEqual([]);
      expect(output()).toContain('Stopped.');
    }
  });

  it('works for an ordinary user', async (context) => {
    if (process.getuid?.() !== 0) context.skip('this is an ordinary user already: the test above has proved it');
    const home = join(folder, 'home of nobody');
    await mkdir(home);
    await chown(home, NOBODY, NOBODY);
    const data = join(home, 'data');
    const reaches = await run('setpriv', [...asNobody(), process.execPath, '-e', `require.resolve('fastify')`], {
      cwd: checkout,
    }).catch(() => undefined);
    if (reaches?.code !== 0) context.skip('nobody cannot reach the installed packages of this checkout');
    const started = start(checkout, data, { HOME: home }, ['setpriv', ...asNobody()]);
    await started.isReady();
    const orchestrator = /orchestrator +(http:\S+)/.exec(started.output())?.[1] ?? '';
    const { app } = (await callJson(`${orchestrator}/v2/apps/demo`)).body;
    expect(app.tasksHealthy).toBe(1);
    const tasks = processesWith(`MESOS_SANDBOX=${data}`);
    expect(tasks).not.toEqual([]);
    for (const pid of tasks) expect(await readFile(`/proc/${pid}/status`, 'utf8')).toMatch(/^Uid:\s+65534\s+65534/m);
    expect(await started.end('SIGINT')).toBe(0);
    expect(processesWith(`MESOS_SANDBOX=${data}`)).toEqual([]);
  });
});

describe('stadion up', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('leaves tasks running when it ends by %s', async (signal) => {
    const platform = await RunningPlatform.start();
    try {
      await platform.change('POST', '/v2/apps', shellApp('/lasting', 'exec sleep 1000'));
      const before = await platform.tasks('/lasting');
      await platform.end(signal);
      expect(platform.output).toContain('Stopped.');
      expect(processesWith(`MESOS_TASK_ID=${before[0]?.id ?? ''}\0`)).not.toEqual([]);
      await platform.startAgain();
      await waitFor('the task is known again', async () => {
        const [task] = await platform.tasks('/lasting');
        return task?.id === before[0]?.id && task?.state === 'TASK_RUNNING';
      });
    } finally {
      await platform.dispose();
    }
  });
});

function asNobody(): string[] {
  return ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups'];
}

interface Started {
  readonly output: () => string;
  readonly isReady: () => Promise<unknown>;
  readonly end: (signal: NodeJS.Signals) => Promise<number | null>;
}

/** `npm start` without npm, which would only stand between us and the signals. */
function start(checkout: string, data: string, environment: object = {}, prefix: readonly string[] = []): Started {
  const command = [
    ...prefix,
    process.execPath,
    join(checkout, 'tools', 'start.mjs'),
    '--data-dir',
    data,
    ...FREE_PORTS,
  ];
  const [program = '', ...words] = command;
  const child: ChildProcess = spawn(program, words, {
    cwd: checkout,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const started: Started = {
    output: () => output,
    isReady: () =>
      waitFor(
        'the platform says that it is ready',
        () => {
          if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}: ${output}`);
          return output.includes('Try next:') && output.includes('3. ');
        },
        50_000,
      ),
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
  running.push(started);
  return started;
}

/** A checkout that is installed and built, of the files that are here now. */
async function copyCheckout(target: string): Promise<void> {
  await mkdir(join(target, 'node_modules', '@stadion'), { recursive: true });
  for (const name of await readdir(REPOSITORY)) {
    if (/^(package.*\.json|tsconfig.*\.json)$/.test(name)) await copyFile(join(REPOSITORY, name), join(target, name));
  }
  for (const name of ['tools', 'examples', 'packages']) {
    await cp(join(REPOSITORY, name), join(target, name), { recursive: true });
  }
  const modules = join(REPOSITORY, 'node_modules');
  for (const name of await readdir(modules)) {
    if (name === '@stadion' || name.startsWith('.vite')) continue;
    if (name === '.package-lock.json') await copyFile(join(modules, name), join(target, 'node_modules', name));
    else if (name !== '.stadion-built') await symlink(join(modules, name), join(target, 'node_modules', name));
  }
  for (const room of await readdir(join(target, 'packages'))) {
    await symlink(join('..', '..', 'packages', room), join(target, 'node_modules', '@stadion', room));
  }
  // Last, so that what is built does not look older than what it was built from.
  for (const stamp of ['node_modules/.stadion-built', 'packages/console/dist/.site-built']) {
    await writeFile(join(target, stamp), '');
  }
}
