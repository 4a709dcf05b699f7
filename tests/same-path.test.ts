/** Two agents of one kernel that have the same path for their data, each in a mount namespace of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FIRST_PORT, RunningPlatform, STADION, waitFor } from './support/running-platform.ts';

const missing = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');
const canRun = process.getuid?.() === 0 && !['runc', 'tini'].some((part) => missing.includes(part));
const LIMIT_MS = 90_000;
/** Shows a program its own directory under a path where others see theirs. */
const BEHIND = 'mount --bind "$1" "$2" && shift 2 && exec "$@"';

describe.skipIf(!canRun)('two agents with the same path', () => {
  let platform: RunningPlatform;
  const agents: ChildProcess[] = [];

  /** Starts one, and waits until the master has it: by then it has taken up or cleared away what it takes for its own. */
  async function startAgent(name: string): Promise<void> {
    const path = join(platform.folder, 'data of an agent');
    const own = join(platform.folder, `data of ${name}`);
    for (const folder of [path, own]) mkdirSync(folder, { recursive: true });
    const flags = ['--data-dir', path, '--server', platform.addresses.master, '--agent-port', '0'];
    const offered = ['--resources', `cpus:1;mem:512;disk:1000;ports:[${FIRST_PORT}-${FIRST_PORT}]`];
    const command = [process.execPath, STADION, 'agent', ...flags, ...offered, '--containerizers', 'linux'];
    const words = ['--mount', 'sh', '-c', BEHIND, 'sh', own, path, ...command, '--attributes', `name:${name}`];
    const before = (await platform.ask('master', '/slaves')).body.slaves.length;
    const child = spawn('unshare', words, { stdio: 'ignore' });
    agents.push(child);
    await waitFor(
      `${name} is registered`,
      async () => {
        if (child.exitCode !== null) throw new Error(`${name} ended with ${String(child.exitCode)}`);
        return (await platform.ask('master', '/slaves')).body.slaves.length > before;
      },
      LIMIT_MS,
    );
  }

  beforeAll(async () => {
    platform = await RunningPlatform.start();
  }, LIMIT_MS);

  afterAll(async () => {
    for (const agent of agents) {
      const ended = new Promise((resolve) => agent.once('exit', resolve));
      if (agent.exitCode === null && agent.kill('SIGUSR2')) await ended;
    }
    await platform.dispose();
  }, LIMIT_MS);

  it('leave alone what the other runs', { timeout: 3 * LIMIT_MS }, async () => {
    await startAgent('one');
    const seconds = `${100_000 + process.pid}.25`;
    const app = {
      id: '/on-one',
      cmd: `exec sleep ${seconds}`,
      cpus: 0.1,
      mem: 32,
      constraints: [['name', 'IS', 'one']],
    };
    await platform.change('POST', '/v2/apps', app, LIMIT_MS);
    const [before] = await platform.tasks('/on-one');
    const running = processesWith(`sleep ${seconds}`);
    expect(running).not.toEqual([]);

    await startAgent('two');
    expect(processesWith(`sleep ${seconds}`)).toEqual(running);
    expect((await platform.tasks('/on-one')).map(({ id, state }) => ({ id, state }))).toEqual([
      { id: before?.id, state: 'TASK_RUNNING' },
    ]);
  });
});

/** The pids of those whose command line ends so. */
function processesWith(command: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim().endsWith(command);
    } catch {
      return false;
    }
  });
}
