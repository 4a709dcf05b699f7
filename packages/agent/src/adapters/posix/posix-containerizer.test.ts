import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Containerizer, ContainerSpec } from '../../ports/containerizer.ts';
import { describeContainerizer, type ConformanceSubject } from '../../testing/containerizer-conformance.ts';
import { describeExec } from '../../testing/exec-conformance.ts';
import { describeTerminal } from '../../testing/terminal-conformance.ts';
import { isRunning, TaskMachine, until } from '../../testing/task-machine.ts';
import { createPosixContainerizer } from './posix-containerizer.ts';

const isRoot = process.getuid?.() === 0;

function makePosix(root: string): Containerizer {
  return createPosixContainerizer({
    runtimeDirectory: join(root, 'run'),
    clock: systemClock,
    timers: systemTimers,
    log: silentLogger,
  });
}

const makeSubject = (): ConformanceSubject => {
  const machine = new TaskMachine(makePosix);
  const commands = {
    runs: 'exec sleep 1000',
    'exits-0': 'exit 0',
    'exits-3': 'exit 3',
    'ignores-sigterm': 'trap "" TERM; echo ready; while :; do sleep 0.05; done',
  };
  return {
    create: async () => machine.containerizer(),
    recreate: async () => machine.containerizer(),
    spec: async (behaviour) => machine.shell(commands[behaviour]),
    ready: (spec) => until(() => machine.read(spec, 'stdout').includes('ready')),
    until,
    destroy: () => machine.destroy(),
  };
};
describeContainerizer('posix', makeSubject);
describeExec('posix', makeSubject);
describeTerminal('posix', makeSubject);

describe('the posix containerizer', () => {
  let machine: TaskMachine;
  let containerizer: Containerizer;

  beforeEach(async () => {
    machine = new TaskMachine(makePosix);
    containerizer = machine.containerizer();
    await containerizer.recover(machine.onExit);
  });

  afterEach(() => machine.destroy());

  it('takes a command with quotes, newlines and dollars literally as the shell would', async () => {
    const text = `printf '%s|' "a 'b' \\"c\\"" 'd"e' "$GREETING"\nprintf 'second line; %s' "$0"`;
    const spec = machine.shell(text, { GREETING: 'it\'s "fine" $HOME\nreally' });
    await containerizer.launch(spec);
    expect(await machine.exitOf(spec)).toEqual({ kind: 'exited', code: 0 });
    expect(machine.read(spec, 'stdout')).toBe(`a 'b' "c"|d"e|it's "fine" $HOME\nreally|second line; /bin/sh`);
  });

  it('runs a program without a shell, its arguments untouched', async () => {
    const spec: ContainerSpec = {
      ...machine.shell(''),
      command: { kind: 'program', file: 'printf', arguments: ['%s\n', '$HOME; "x"', '*'] },
    };
    await containerizer.launch(spec);
    await machine.exitOf(spec);
    expect(machine.read(spec, 'stdout')).toBe('$HOME; "x"\n*\n');
  });

  it('says that an executable is missing before it starts anything', async () => {
    const spec: ContainerSpec = {
      ...machine.shell(''),
      command: { kind: 'program', file: 'no-such-program', arguments: [] },
    };
    const outcome = await containerizer.launch(spec);
    expect(outcome).toMatchObject({ ok: false });
    expect(outcome.ok ? '' : outcome.message).toContain('"no-such-program" was not found');
  });

  it('gives a command that does not exist status 127 and the complaint of the shell in stderr', async () => {
    const spec = machine.shell('no-such-command --now');
    await containerizer.launch(spec);
    expect(await machine.exitOf(spec)).toEqual({ kind: 'exited', code: 127 });
    expect(machine.read(spec, 'stderr')).toContain('no-such-command');
  });

  it('gives a task nothing of its own environment beyond what it was told', async () => {
    const spec = machine.shell('env', { ONLY: 'this' });
    await containerizer.launch(spec);
    await machine.exitOf(spec);
    const names = machine
      .read(spec, 'stdout')
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(names.sort()).toEqual(['ONLY', 'PATH', 'PWD', 'STADION_CONTAINER_ID'].sort());
  });

  it('tells a signal from an exit status', async () => {
    const spec = machine.shell('kill -SEGV $$');
    await containerizer.launch(spec);
    expect(await machine.exitOf(spec)).toEqual({ kind: 'signaled', signal: 11 });
  });

  it('leaves the signals of the command at their defaults', async () => {
    const spec = machine.shell('kill -INT $$; sleep 5');
    await containerizer.launch(spec);
    expect(await machine.exitOf(spec)).toEqual({ kind: 'signaled', signal: 2 });
  });

  it('ends a daemon that forked twice into a session of its own', async () => {
    const spec = machine.shell('(setsid sh -c "sleep 1000 & echo \\$! >pid; wait" &) ; sleep 1000');
    await containerizer.launch(spec);
    await until(() => machine.read(spec, 'pid') !== '');
    const daemon = Number(machine.read(spec, 'pid'));
    expect(isRunning(daemon)).toBe(true);
    containerizer.kill(spec.containerId, 2000);
    expect(await machine.exitOf(spec)).toEqual({ kind: 'signaled', signal: 15 });
    expect(isRunning(daemon)).toBe(false);
  });

  it('ends what a command leaves behind before it tells the exit', async () => {
    const spec = machine.shell('setsid sleep 1000 & echo $! >pid; exit 7');
    await containerizer.launch(spec);
    expect(await machine.exitOf(spec)).toEqual({ kind: 'exited', code: 7 });
    expect(isRunning(Number(machine.read(spec, 'pid')))).toBe(false);
  });

  it('gives children of a shell that dies at once the whole grace', async () => {
    const worker = `trap 'sleep 0.3; echo drained; exit 0' TERM; echo ready; while :; do sleep 0.05; done`;
    writeFileSync(join(machine.root, 'worker.sh'), worker);
    const spec = machine.shell(`sh "${machine.root}/worker.sh"; true`);
    await containerizer.launch(spec);
    await until(() => machine.read(spec, 'stdout').includes('ready'));
    containerizer.kill(spec.containerId, 5000);
    await machine.exitOf(spec);
    expect(machine.read(spec, 'stdout')).toContain('drained');
  });

  it('keeps output flowing and the exit status known while no agent is there', async () => {
    const gate = join(machine.root, 'gate');
    const spec = machine.shell(`echo before; while [ ! -e "${gate}" ]; do sleep 0.02; done; echo after; exit 42`);
    await containerizer.launch(spec);
    await until(() => machine.read(spec, 'stdout').includes('before'));
    await containerizer.close();
    writeFileSync(gate, '');
    await until(() => machine.read(spec, 'stdout').includes('after'));
    const exitFile = join(machine.root, 'run', spec.containerId, 'exit', 'exit-42');
    await until(() => existsSync(exitFile));
    expect(await machine.containerizer().recover(machine.onExit)).toEqual([
      { containerId: spec.containerId, state: 'exited', exit: { kind: 'exited', code: 42 } },
    ]);
  });

  it('notices the end of a task that it did not start itself', async () => {
    const gate = join(machine.root, 'gate');
    const spec = machine.shell(`while [ ! -e "${gate}" ]; do sleep 0.02; done; exit 9`);
    await containerizer.launch(spec);
    await containerizer.close();
    containerizer = machine.containerizer();
    await containerizer.recover(machine.onExit);
    writeFileSync(gate, '');
    expect(await machine.exitOf(spec)).toEqual({ kind: 'exited', code: 9 });
  });

  it('says so when the supervisor itself was killed', async () => {
    const spec = machine.shell('sleep 1000');
    const launched = await containerizer.launch(spec);
    process.kill((launched.ok ? launched.pid : undefined) ?? 0, 'SIGKILL');
    const exit = await machine.exitOf(spec);
    expect(exit).toMatchObject({ kind: 'unknown' });
    expect(exit.kind === 'unknown' ? exit.message : '').toContain('supervisor');
  });

  it('survives a SIGTERM to the whole group and still records the exit', async () => {
    const spec = machine.shell('trap "exit 5" TERM; echo ready; while :; do sleep 0.02; done');
    const launched = await containerizer.launch(spec);
    await until(() => machine.read(spec, 'stdout').includes('ready'));
    process.kill(-((launched.ok ? launched.pid : undefined) ?? 0), 'SIGTERM');
    expect(await machine.exitOf(spec)).toEqual({ kind: 'exited', code: 5 });
  });

  it('does not take a process with the same pid for its own after a restart', async () => {
    const spec = machine.shell('sleep 1000');
    await containerizer.launch(spec);
    await containerizer.close();
    const record = join(machine.root, 'run', 'stranger', 'container.json');
    mkdirSync(join(record, '..', 'exit'), { recursive: true });
    writeFileSync(record, JSON.stringify({ supervisor: { pid: process.pid, startTime: '1' } }));
    const found = await machine.containerizer().recover(machine.onExit);
    expect(found.find((each) => each.containerId === 'stranger')).toMatchObject({ state: 'exited' });
  });

  it('finds a process whose start was never written down', async () => {
    const spec = machine.shell('sleep 1000');
    const launched = await containerizer.launch(spec);
    await containerizer.close();
    rmSync(join(machine.root, 'run', spec.containerId, 'container.json'));
    expect(await machine.containerizer().recover(machine.onExit)).toEqual([
      { containerId: spec.containerId, state: 'running', pid: launched.ok ? launched.pid : undefined },
    ]);
  });

  it('refuses a user that does not exist', async () => {
    const outcome = await containerizer.launch({ ...machine.shell('id'), user: 'nobody-of-this-name' });
    expect(outcome.ok ? '' : outcome.message).toContain('does not exist');
  });

  it.skipIf(!isRoot)('runs a task as another user (SKIPPED unless root: only root can switch users)', async () => {
    const spec = machine.shell('id -un; id -Gn; echo "$HOME $USER"');
    const launched = await containerizer.launch({ ...spec, user: 'nobody' });
    expect(launched).toMatchObject({ ok: true });
    expect(await machine.exitOf(spec)).toEqual({ kind: 'exited', code: 0 });
    expect(machine.read(spec, 'stdout')).toMatch(/^nobody\nnogroup\n\/nonexistent nobody\n$/);
  });

  it.skipIf(isRoot)('cannot switch users as an ordinary user, and says so', async () => {
    const outcome = await containerizer.launch({ ...machine.shell('id'), user: 'root' });
    expect(outcome.ok ? '' : outcome.message).toContain('only root can switch users');
  });
});
