/** A process of this machine as a session: pipes, or a terminal of script(1), which every Linux has. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { describeError, type Timers } from '@stadion/base';
import { exitFromShellStatus, type ContainerExit } from '../core/container.ts';
import type { ExecOutcome, ExecRequest } from '../ports/containerizer.ts';
import { withoutInheritedFiles } from './inherited-files.ts';
import { killTree } from './process-tree.ts';
import { inTerminal, terminalResizer } from './script-terminal.ts';
import { signalNumber } from './supervised/signals.ts';
import type { SystemUser } from './system-users.ts';

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Starts a process in a session of its own. @param user whom to become; undefined: this process's own user */
export async function spawnSession(
  spec: Omit<ExecRequest, 'user'>,
  user: SystemUser | undefined,
  timers: Timers,
): Promise<ExecOutcome> {
  const { terminal } = spec;
  try {
    const [file = '', ...words] = terminal === undefined ? spec.argv : inTerminal(spec.argv, terminal);
    const child = withoutInheritedFiles(
      ['pipe', 'pipe', 'pipe'],
      (stdio) =>
        spawn(file, words, {
          ...(spec.directory === undefined ? {} : { cwd: spec.directory }),
          env: {
            ...spec.environment,
            ...(terminal === undefined ? {} : { SHELL: '/bin/sh', TERM: spec.environment['TERM'] ?? 'xterm' }),
          },
          detached: true,
          stdio,
          ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
        }) as Child,
    );
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    // Who does not read the input any more has ended, or will.
    child.stdin.on('error', () => undefined);
    const exit = new Promise<ContainerExit>((resolve) => {
      child.once('exit', (code, signal) => resolve(toExit(code, signal)));
    });
    const { stdin, stdout, stderr } = child;
    const findScript = () => (child.exitCode === null && child.signalCode === null ? child.pid : undefined);
    const resize = terminal === undefined ? () => undefined : terminalResizer(findScript, timers);
    return { ok: true, session: { stdin, stdout, stderr, exit, resize, kill: () => endAll(child.pid) } };
  } catch (error) {
    return { ok: false, message: `The command "${spec.argv[0] ?? ''}" could not be started: ${describeError(error)}` };
  }
}

/** Its descendants, and those of its group that have lost their parents. */
function endAll(pid: number | undefined): void {
  if (pid === undefined) return;
  killTree(pid);
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // None is left.
  }
}

function toExit(code: number | null, signal: NodeJS.Signals | null): ContainerExit {
  if (code !== null) return exitFromShellStatus(code);
  return { kind: 'signaled', signal: signalNumber(signal) };
}
