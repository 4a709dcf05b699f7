/** Starts the supervisor of a container as a child in a session of its own, its output in the sandbox. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { describeError, errorCode } from '@stadion/base';
import { withoutInheritedFiles } from '../inherited-files.ts';

/** What to start. */
export interface SupervisorStart {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Where it works. */
  readonly directory: string;
  /** The sandbox, where `stdout` and `stderr` are appended to. */
  readonly outputDirectory: string;
  /** The end of a pipe that is its stdin, and closed here once it has it; absent: there is none. */
  readonly input?: number;
  /** Whom to become; absent: this process's own user. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** A started supervisor, or a sentence why there is none. */
export type StartedSupervisor =
  | { readonly ok: true; readonly child: ChildProcess; readonly pid: number }
  | { readonly ok: false; readonly message: string };

/** Starts it. */
export async function spawnSupervisor(start: SupervisorStart): Promise<StartedSupervisor> {
  const [program = '', ...words] = start.argv;
  const files: number[] = start.input === undefined ? [] : [start.input];
  try {
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
    const output = openSync(join(start.outputDirectory, 'stdout'), flags, 0o644);
    files.push(output);
    const errors = openSync(join(start.outputDirectory, 'stderr'), flags, 0o644);
    files.push(errors);
    const child = withoutInheritedFiles([start.input ?? 'ignore', output, errors], (stdio) =>
      spawn(program, words, {
        cwd: start.directory,
        env: start.environment,
        detached: true,
        stdio,
        ...(start.user === undefined ? {} : { uid: start.user.uid, gid: start.user.gid }),
      }),
    );
    // The task belongs to the machine: it must not keep the agent's process alive.
    child.unref();
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    return child.pid === undefined
      ? { ok: false, message: 'The process could not be started' }
      : { ok: true, child, pid: child.pid };
  } catch (error) {
    return { ok: false, message: explainStartFailure(error, start) };
  } finally {
    for (const file of files) closeSync(file);
  }
}

function explainStartFailure(error: unknown, { directory, outputDirectory }: SupervisorStart): string {
  switch (errorCode(error)) {
    case 'E2BIG':
      return 'The command and its environment are longer than the system can start a process with';
    case 'EAGAIN':
    case 'ENOMEM':
      return `The system has no room for another process: ${describeError(error)}`;
    case 'ENOSPC':
      return 'The disk is full: stdout and stderr could not be made';
    case 'ELOOP':
      return `stdout or stderr in ${outputDirectory} is a symbolic link, which is not followed`;
    default:
      return `The process could not be started in ${directory}: ${describeError(error)}`;
  }
}
