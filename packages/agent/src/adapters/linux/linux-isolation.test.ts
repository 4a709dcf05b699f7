import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NEVER_STARTED } from '../../core/container.ts';
import type { Containerizer, ContainerSpec } from '../../ports/containerizer.ts';
import { leftoversOf } from '../../testing/machine-leftovers.ts';
import { isRunning, TaskMachine, until } from '../../testing/task-machine.ts';
import { withDiskLimits } from '../disk-limits/disk-limits.ts';
import { createLinuxContainerizer } from './linux-containerizer.ts';

const missing = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');
const canRun = process.getuid?.() === 0 && !['runc', 'tini'].some((part) => missing.includes(part));
const MEBIBYTE = 1024 * 1024;
const ports = { clock: systemClock, timers: systemTimers, log: silentLogger };
const NONE = { cpus: 0.5, memoryBytes: 64 * MEBIBYTE, diskBytes: 0, gpus: 0 };

function makeLinux(root: string): Containerizer {
  const hidden = join(root, 'secret');
  mkdirSync(hidden, { recursive: true });
  writeFileSync(join(hidden, 'state'), 'of the platform');
  const containerizer = createLinuxContainerizer({
    runtimeDirectory: join(root, 'run'),
    hiddenDirectories: [hidden],
    ...ports,
    limits: { pidsMax: 64 },
  });
  const directory = join(root, 'disk-limits');
  return withDiskLimits({ ...ports, containerizer, directory, intervalMs: 50 });
}

describe.skipIf(!canRun)('a container of Linux', () => {
  let machine: TaskMachine;
  let containerizer: Containerizer;

  const run = async (text: string, changes: Partial<ContainerSpec> = {}) => {
    const spec = { ...machine.shell(text), ...changes };
    const launched = await containerizer.launch(spec);
    expect(launched).toMatchObject({ ok: true });
    return { spec, launched, exit: () => machine.exitOf(spec), out: () => machine.read(spec, 'stdout') };
  };

  beforeEach(async () => {
    machine = new TaskMachine(makeLinux);
    containerizer = machine.containerizer();
    expect(await containerizer.fingerprint()).toEqual({ containerizers: ['linux'] });
    await containerizer.recover(machine.onExit);
  });

  afterEach(async () => {
    await machine.destroy();
    const left = leftoversOf(machine.root, [machine.root]);
    expect(left).toEqual({ processes: [], mounts: [], groups: [], interfaces: [], rules: [] });
  });

  it('sees the machine read-only, its sandbox writable, and nothing of the platform or of other tasks', async () => {
    const text = [
      'touch /etc/x /usr/x /root/x 2>/dev/null && echo wrote',
      'touch here && echo sandbox',
      // What is meant for the runtime alone.
      'env | grep -q ^GOMAXPROCS= && echo leaked',
      'touch "/tmp/written by a task" && echo tmp',
      `ls "${machine.root}/secret" | wc -l`,
      'ls /proc | grep -c "^[0-9]"',
      'hostname >/dev/null && echo $MESSAGE',
    ].join('\n');
    const task = await run(text, { environment: { PATH: '/usr/bin:/bin', MESSAGE: 'a "b" $c' } });
    expect(await task.exit()).toEqual({ kind: 'exited', code: 0 });
    const [sandbox, tmp, hidden, processes, message] = task.out().trim().split('\n');
    expect([sandbox, tmp, hidden, message]).toEqual(['sandbox', 'tmp', '0', 'a "b" $c']);
    expect(Number(processes)).toBeLessThan(8);
    expect(existsSync(join(task.spec.directory, 'here'))).toBe(true);
    expect(existsSync('/tmp/written by a task')).toBe(false);
  });

  it('may not do what reaches the machine', async () => {
    const text = [
      'grep -E "^(NoNewPrivs|Seccomp|CapEff|CapBnd):" /proc/self/status',
      'mount -t tmpfs none /mnt 2>/dev/null && echo mounted',
      'unshare --user true 2>/dev/null && echo unshared',
      'mknod sda b 8 0 2>/dev/null; head -c 1 sda 2>/dev/null && echo disk',
      'date -s 2001-01-01 2>/dev/null >/dev/null && echo clock',
      'echo 1 2>/dev/null >/proc/sys/kernel/panic && echo sysctl',
      'true',
    ].join('\n');
    const task = await run(text);
    await task.exit();
    const [noNewPrivileges, seccomp] = ['NoNewPrivs:\t1', 'Seccomp:\t2'];
    expect(task.out()).toContain(noNewPrivileges);
    expect(task.out()).toContain(seccomp);
    expect(task.out()).toContain('CapEff:\t00000000a80425fb');
    for (const done of ['mounted', 'unshared', 'disk', 'clock', 'sysctl']) expect(task.out()).not.toContain(done);
  });

  it('runs as the user that was wanted, without capabilities', async () => {
    const task = await run('id -u; id -g; echo $HOME; grep CapEff /proc/self/status', { user: 'nobody' });
    await task.exit();
    const [uid, gid, home, capabilities] = task.out().trim().split('\n');
    expect([uid, gid, home]).toEqual(['65534', '65534', '/nonexistent']);
    expect(capabilities).toBe('CapEff:\t0000000000000000');
  });

  it('that takes too much memory is ended, and told with its limit and peak', async () => {
    const hog = 'x=a; while :; do x=$x$x; done';
    const task = await run(hog, { limits: NONE });
    const exit = await task.exit();
    expect(exit).toMatchObject({ kind: 'limited', resource: 'memory' });
    expect(exit.kind === 'limited' ? exit.message : '').toMatch(/may have 64 MiB and had \d+(\.\d)? MiB at its peak/);
  });

  it('that is granted more memory later may take it', async () => {
    const task = await run(
      'until [ -e go ]; do sleep 0.02; done; exec sh -c "head -c 90000000 /dev/zero | tail -c 90000000 | wc -c"',
    );
    await containerizer.update?.(task.spec.containerId, { ...NONE, memoryBytes: 256 * MEBIBYTE });
    const usage = (await containerizer.usage()).get(task.spec.containerId);
    expect(usage?.memory?.limitBytes).toBe(256 * MEBIBYTE);
    writeFileSync(join(task.spec.directory, 'go'), '');
    expect(await task.exit()).toEqual({ kind: 'exited', code: 0 });
    expect(task.out()).toContain('90000000');
  });

  it('that takes more than it was granted later is told how much that was', async () => {
    const task = await run('until [ -e go ]; do sleep 0.02; done; x=a; while :; do x=$x$x; done');
    await containerizer.update?.(task.spec.containerId, { ...NONE, memoryBytes: 96 * MEBIBYTE });
    writeFileSync(join(task.spec.directory, 'go'), '');
    expect(await task.exit()).toMatchObject({ message: expect.stringMatching(/ may have 96 MiB /) });
  });

  it('that takes too much disk is ended, and told', async () => {
    const text = 'head -c 8000000 /dev/zero >big; echo written; sleep 1000';
    const task = await run(text, { limits: { ...NONE, diskBytes: 4 * MEBIBYTE } });
    expect(await task.exit()).toMatchObject({ kind: 'limited', resource: 'disk' });
  });

  it('cannot fill the machine with processes, and all of them end', { timeout: 120_000 }, async () => {
    // With memory enough for as many as it may have: it is their number that is bounded here. The first shell forks once, before
    // there is a bomb: a shell that cannot fork ends, and its container with it.
    const limits = { ...NONE, memoryBytes: 512 * MEBIBYTE };
    const task = await run('bomb() { bomb | bomb & }; (bomb) & echo bombed; exec sleep 1000', { limits });
    await until(() => task.out().includes('bombed'));
    const usage = await containerizer.usage();
    expect(usage.get(task.spec.containerId)?.threads ?? 0).toBeLessThanOrEqual(64);
    containerizer.kill(task.spec.containerId, 0);
    // Without grace, either of the two signals may be the one that ends it.
    expect([9, 15].map((signal) => ({ kind: 'signaled', signal }))).toContainEqual(await task.exit());
  });

  it('takes a daemon that forked twice with it', async () => {
    const task = await run('(setsid sh -c "sleep 1000 & wait" &); sleep 0.1; exit 7');
    expect(await task.exit()).toEqual({ kind: 'exited', code: 7 });
  });

  it('is asked before it is forced: every process hears SIGTERM', async () => {
    const worker = `trap 'echo drained; exit 0' TERM; echo ready; while :; do sleep 0.05; done`;
    const task = await run(`sh -c ${JSON.stringify(worker)}; true`);
    await until(() => task.out().includes('ready'));
    containerizer.kill(task.spec.containerId, 10_000);
    await task.exit();
    expect(task.out()).toContain('drained');
  });

  it('mounts volumes of the machine and of the sandbox, and names what is missing', async () => {
    const shared = join(machine.root, 'shared data');
    mkdirSync(shared);
    writeFileSync(join(shared, 'file'), 'from the machine');
    const volumes = [
      { mode: 'RO' as const, container_path: 'input', host_path: shared },
      { mode: 'RW' as const, container_path: 'output', host_path: shared },
      { mode: 'RW' as const, container_path: 'mine', host_path: 'kept' },
    ];
    const text = 'cat input/file; touch input/no 2>/dev/null || touch output/yes; touch mine/it';
    const task = await run(text, { container: { type: 'MESOS', volumes } });
    expect(await task.exit()).toEqual({ kind: 'exited', code: 0 });
    expect(task.out()).toBe('from the machine');
    expect(existsSync(join(shared, 'yes')) && !existsSync(join(shared, 'no'))).toBe(true);
    expect(existsSync(join(task.spec.directory, 'kept', 'it'))).toBe(true);

    const data = { mode: 'RW' as const, container_path: 'data' };
    const refusal = async (volume: object) => {
      const volumes = [{ ...data, ...volume }];
      const outcome = await containerizer.launch({ ...machine.shell('true'), container: { type: 'MESOS', volumes } });
      return outcome.ok ? 'launched' : outcome.message;
    };
    expect(await refusal({ host_path: '/no/such/directory' })).toMatch(/^volume-path-missing: /);
    const source = { type: 'DOCKER_VOLUME' as const, docker_volume: { name: 'v', driver: 'rexray' } };
    expect(await refusal({ source })).toMatch(/^volume-refused: data /);
  });

  it('cannot mount what a link in its sandbox points at', async () => {
    const spec = machine.shell('true');
    symlinkSync('/etc', join(spec.directory, 'kept'));
    const volumes = [{ mode: 'RW' as const, container_path: 'mine', host_path: 'kept' }];
    const outcome = await containerizer.launch({ ...spec, container: { type: 'MESOS', volumes } });
    expect(outcome).toMatchObject({ ok: false, message: expect.stringMatching(/^volume-refused: /) as unknown });
  });

  it('that never began to run is told as such, with what the runtime complained of', async () => {
    const directory = (id: string) => join(machine.root, 'run', 'containers', id);
    // The agent died before it started a supervisor; and while the runtime was at work, which then failed.
    mkdirSync(join(directory('unstarted'), 'exit'), { recursive: true });
    mkdirSync(join(directory('failed'), 'exit'), { recursive: true });
    writeFileSync(join(directory('failed'), 'exit', 'exit-1'), '');
    const complaint = { level: 'error', msg: 'container init: no space left on device' };
    writeFileSync(join(directory('failed'), 'runtime.log'), `${JSON.stringify(complaint)}\n`);
    await containerizer.close();
    containerizer = machine.containerizer();
    const found = await containerizer.recover(machine.onExit);
    const message = 'disk-full: The container could not be started: container init: no space left on device';
    expect(found).toContainEqual({
      containerId: 'failed',
      state: 'exited',
      exit: { kind: 'not-started', cause: 'runtime', message },
    });
    expect(found).toContainEqual({ containerId: 'unstarted', state: 'exited', exit: NEVER_STARTED });
    for (const { containerId } of found) await containerizer.remove(containerId);
  });

  it('is ended with all it has when its supervisor is killed, and that is said', async () => {
    const task = await run('echo ready; sleep 1000');
    const record: unknown = JSON.parse(
      readFileSync(join(machine.root, 'run', 'containers', task.spec.containerId, 'container.json'), 'utf8'),
    );
    const { supervisor } = record as { supervisor: { pid: number } };
    process.kill(supervisor.pid, 'SIGKILL');
    expect(await task.exit()).toMatchObject({ kind: 'unknown' });
    await until(() => !isRunning(task.launched.ok ? (task.launched.pid ?? 0) : 0));
  });

  it('is found by an agent that could not write it down', async () => {
    const task = await run('echo up; exec sleep 1000');
    await until(() => task.out().includes('up'));
    await containerizer.close();
    rmSync(join(machine.root, 'run', 'containers', task.spec.containerId, 'container.json'));
    rmSync(join(machine.root, 'run', 'containers', task.spec.containerId, 'details.json'));
    containerizer = machine.containerizer();
    const pid = task.launched.ok ? task.launched.pid : undefined;
    expect(await containerizer.recover(machine.onExit)).toEqual([
      { containerId: task.spec.containerId, state: 'running', pid },
    ]);
    containerizer.kill(task.spec.containerId, 5000);
    expect(await task.exit()).toEqual({ kind: 'signaled', signal: 15 });
  });

  it('out of memory while no agent was there is told by the next one', async () => {
    const text = 'while [ ! -e gate ]; do sleep 0.02; done; x=a; while :; do x=$x$x; done';
    const task = await run(text, { limits: NONE });
    await containerizer.close();
    writeFileSync(join(task.spec.directory, 'gate'), '');
    const exitDirectory = join(machine.root, 'run', 'containers', task.spec.containerId, 'exit');
    await until(() => existsSync(join(exitDirectory, 'exit-137')));
    containerizer = machine.containerizer();
    expect(await containerizer.recover(machine.onExit)).toMatchObject([
      { containerId: task.spec.containerId, state: 'exited', exit: { kind: 'limited', resource: 'memory' } },
    ]);
  });
});
