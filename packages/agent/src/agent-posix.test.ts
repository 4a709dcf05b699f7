import { FileVolumes } from './adapters/volumes-file/file-volumes.ts';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { delay, silentLogger } from '@stadion/base';
import { systemClock, systemTimers, SystemRandom } from '@stadion/base/system';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileCheckpoints } from './adapters/checkpoints-file/file-checkpoints.ts';
import { createWebFetcher } from './adapters/fetcher-web/web-fetcher.ts';
import { createPosixContainerizer } from './adapters/posix/posix-containerizer.ts';
import { createExecProber } from './adapters/prober-exec/exec-prober.ts';
import { createNetworkProber } from './adapters/prober-network/network-prober.ts';
import { FileSandboxes } from './adapters/sandboxes-file/file-sandboxes.ts';
import { createAgent, type Agent } from './agent.ts';
import { FakeMaster, makeExecutor, makeTask, makeVolume } from './testing/fake-master.ts';

let root: string;
let master: FakeMaster;
let agent: Agent;

function makeAgent(): Agent {
  const ports = { clock: systemClock, timers: systemTimers, log: silentLogger };
  const containerizer = createPosixContainerizer({ ...ports, runtimeDirectory: join(root, 'run') });
  return createAgent({
    ...ports,
    dialer: master,
    containerizer,
    checkpoints: new FileCheckpoints(root),
    sandboxes: new FileSandboxes(root),
    volumes: new FileVolumes(root),
    fetcher: createWebFetcher({ ...ports, cacheDirectory: join(root, 'cache') }),
    prober: createExecProber({ ...ports, network: createNetworkProber(ports), containerizer }),
    random: new SystemRandom(),
    info: {
      hostname: 'localhost',
      ip: '127.0.0.1',
      port: 5051,
      resources: [
        { name: 'cpus', type: 'SCALAR', scalar: { value: 64 } },
        { name: 'mem', type: 'SCALAR', scalar: { value: 65_536 } },
        { name: 'disk', type: 'SCALAR', scalar: { value: 1000 } },
      ],
      attributes: [],
      version: '1.11.0',
    },
    config: { inheritedEnvironment: process.env, logFileBytesMax: 2000, logWatchIntervalMs: 20 },
  });
}

async function until(condition: () => boolean): Promise<void> {
  const end = systemClock.monotonic() + 15_000;
  while (!condition()) {
    expect(systemClock.monotonic(), 'the condition did not come to hold in 15 s').toBeLessThan(end);
    await delay(systemTimers, 5);
  }
}

function last(taskId: string): string | undefined {
  return master.states(taskId).at(-1);
}

function sandboxOf(taskId: string): string {
  const found = agent.findTask('framework-1', taskId);
  return found === undefined ? '' : agent.sandboxOf(found.task, found.agentId);
}

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'stadion agent '));
  chmodSync(root, 0o755);
  master = new FakeMaster();
  agent = makeAgent();
  await agent.start();
  await until(() => agent.registered);
});

afterEach(async () => {
  await agent.endTasks(10_000);
  await agent.stop();
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

describe('an agent on the real machine', () => {
  it('runs a task in its sandbox with its environment and its artifacts', async () => {
    writeFileSync(join(root, 'greeting.txt'), 'good day');
    const command = {
      value: 'cat greeting.txt; echo; pwd; echo "$MESOS_SANDBOX"; echo "$MESOS_TASK_ID" >&2',
      uris: [{ value: join(root, 'greeting.txt') }],
    };
    master.run(makeTask('a', { command }));
    await until(() => last('a') === 'TASK_FINISHED');
    const sandbox = sandboxOf('a');
    expect(readFileSync(join(sandbox, 'stdout'), 'utf8')).toBe(`good day\n${sandbox}\n${sandbox}\n`);
    expect(readFileSync(join(sandbox, 'stderr'), 'utf8')).toBe('a\n');
  });

  it('fails a task whose command does not exist', async () => {
    master.run(makeTask('a', { command: { value: 'no-such-command' } }));
    await until(() => last('a') === 'TASK_FAILED');
    expect(master.statuses('a').at(-1)?.message).toBe('Command exited with status 127');
    expect(readFileSync(join(sandboxOf('a'), 'stderr'), 'utf8')).toContain('no-such-command');
  });

  it('fails a task of a user that does not exist', async () => {
    master.run(makeTask('a', { command: { value: 'true', user: 'no-such-user' } }));
    await until(() => last('a') === 'TASK_FAILED');
    expect(master.statuses('a').at(-1)?.message).toContain('"no-such-user" does not exist');
  });

  it('comes back to running tasks, and to those that ended without it', async () => {
    const gate = join(root, 'gate');
    const waiting = `while [ ! -e "${gate}" ]; do sleep 0.02; done; echo late; exit 6`;
    master.run(
      makeTask('stays', { command: { value: 'sleep 1000' } }),
      makeTask('ends', { command: { value: waiting } }),
    );
    await until(() => last('stays') === 'TASK_RUNNING' && last('ends') === 'TASK_RUNNING');
    const sandbox = sandboxOf('ends');
    await agent.stop();
    writeFileSync(gate, '');
    await until(() => readFileSync(join(sandbox, 'stdout'), 'utf8') === 'late\n');
    agent = makeAgent();
    await agent.start();
    await until(() => last('ends') === 'TASK_FAILED');
    expect(master.statuses('ends').at(-1)?.message).toBe('Command exited with status 6');
    expect(
      master
        .registrations()
        .at(-1)
        ?.tasks.find((task) => task.info.name === 'stays')?.state,
    ).toBe('TASK_RUNNING');
    master.kill('stays');
    await until(() => last('stays') === 'TASK_KILLED');
  });

  it('kills a task that its Mesos health check condemns', async () => {
    const check = {
      type: 'COMMAND' as const,
      command: { value: 'test ! -e sick' },
      delay_seconds: 0,
      interval_seconds: 0.1,
      timeout_seconds: 5,
      consecutive_failures: 2,
      grace_period_seconds: 0,
      kill_on_failure: true,
    };
    master.run(makeTask('a', { command: { value: 'sleep 1000' }, health_checks: [check] }));
    await until(() => master.statuses('a').some((status) => status.healthy === true));
    writeFileSync(join(sandboxOf('a'), 'sick'), '');
    await until(() => last('a') === 'TASK_KILLED');
    expect(master.statuses('a').at(-1)?.healthy).toBe(false);
  });

  it('rotates the log of a chatty task without stopping it', async () => {
    const chatty = 'index=0; while :; do index=$((index+1)); echo "line $index"; sleep 0.001; done';
    master.run(makeTask('a', { command: { value: chatty } }));
    await until(() => last('a') === 'TASK_RUNNING');
    const sandbox = sandboxOf('a');
    await until(() => existsSync(join(sandbox, 'stdout.2')));
    const size = readFileSync(join(sandbox, 'stdout')).length;
    await until(() => readFileSync(join(sandbox, 'stdout')).length !== size);
    expect(last('a')).toBe('TASK_RUNNING');
  });

  it('measures what a task uses', async () => {
    master.run(makeTask('a', { command: { value: 'sleep 1000 & sleep 1000' } }));
    await until(() => last('a') === 'TASK_RUNNING');
    let usage = (await agent.usage()).values().next().value;
    const end = systemClock.monotonic() + 10_000;
    while ((usage?.processes ?? 0) < 4 && systemClock.monotonic() < end) {
      await delay(systemTimers, 50);
      usage = (await agent.usage()).values().next().value;
    }
    expect(usage?.processes).toBe(4);
    expect(usage?.memoryRssBytes).toBeGreaterThan(100_000);
  });
});

describe('a pod on the real machine', () => {
  const shared = (path: string) => ({
    mode: 'RW' as const,
    container_path: path,
    source: { type: 'SANDBOX_PATH' as const, sandbox_path: { type: 'PARENT' as const, path } },
  });

  it('shares a directory, keeps a volume, and ends as one', async () => {
    master.say({ type: 'CHECKPOINT_RESOURCES', checkpointed: { version: 1, resources: [makeVolume('v1', 'db')] } });
    const container = { type: 'MESOS' as const, volumes: [shared('scratch'), shared('db')] };
    const writes = 'echo hello > scratch/note && echo kept > db/row && sleep 1000';
    const reads = 'until test -f db/row; do sleep 0.05; done; cat scratch/note db/row; sleep 1000';
    master.runGroup(
      makeExecutor('e', [makeVolume('v1', 'db')]),
      makeTask('writer', { command: { value: writes }, container }),
      makeTask('reader', { command: { value: reads }, container }),
    );
    await until(() => last('writer') === 'TASK_RUNNING' && last('reader') === 'TASK_RUNNING');
    const output = join(sandboxOf('reader'), 'stdout');
    await until(() => readFileSync(output, 'utf8') === 'hello\nkept\n');
    expect(sandboxOf('reader')).toMatch(/executors\/e\/runs\/[^/]+\/tasks\/reader$/);
    master.kill('writer', 1000);
    await until(() => last('writer') === 'TASK_KILLED' && last('reader') === 'TASK_KILLED');
    const volume = join(root, 'volumes', 'roles', 'web', 'v1');
    expect(readFileSync(join(volume, 'row'), 'utf8')).toBe('kept\n');
    master.say({ type: 'CHECKPOINT_RESOURCES', checkpointed: { version: 2, resources: [] } });
    await until(() => !existsSync(volume));
  });
});
