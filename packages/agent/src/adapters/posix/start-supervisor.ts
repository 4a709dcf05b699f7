/** Starts the supervisor of a container as a child in a session of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, openSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { describeError, errorCode } from '@stadion/base';
import type { ContainerSpec } from '../../ports/containerizer.ts';
import { withoutInheritedFiles } from '../inherited-files.ts';
import type { SystemUser } from '../system-users.ts';
import { CONTAINER_VARIABLE } from './process-table.ts';
import { SUPERVISOR_SCRIPT } from './supervisor.ts';

/** A started supervisor, or a sentence why there is none. */
export type StartedSupervisor =
  | { readonly ok: true; readonly child: ChildProcess; readonly pid: number }
  | { readonly ok: false; readonly message: string };

/**
 * Starts it with the task's environment, directory and output. Its stdin is empty.
 * @param exitDirectory where it leaves the exit status
 * @param user whom to become; undefined: this process's own user
 */
export async function startSupervisor(
  spec: ContainerSpec,
  exitDirectory: string,
  user: SystemUser | undefined,
): Promise<StartedSupervisor> {
  const problem = spec.command.kind === 'image' ? 'Plain processes have no image to run' : findProgramProblem(spec);
  if (problem !== undefined) return { ok: false, message: problem };
  const command = commandOf(spec);
  const files: number[] = [];
  try {
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
    const output = openSync(join(spec.directory, 'stdout'), flags, 0o644);
    files.push(output);
    const errors = openSync(join(spec.directory, 'stderr'), flags, 0o644);
    files.push(errors);
    const child = withoutInheritedFiles(['ignore', output, errors], (stdio) =>
      spawn('/bin/sh', ['-c', SUPERVISOR_SCRIPT, 'stadion-supervisor', exitDirectory, ...command], {
        cwd: spec.directory,
        env: environmentOf(spec, user),
        detached: true,
        stdio,
        ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
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
    return { ok: false, message: explainStartFailure(error, spec) };
  } finally {
    for (const file of files) closeSync(file);
  }
}

const SHELL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * The command as the supervisor runs it. Some shells drop variables whose names they cannot write (`PORT_ADMIN-API`), and
 * the supervisor is one: `env` gives such variables to a program that is started without a shell of its own.
 */
function commandOf({ command, environment }: ContainerSpec): readonly string[] {
  if (command.kind === 'shell') return ['/bin/sh', '-c', command.text];
  if (command.kind === 'image') return command.arguments;
  const odd = Object.entries(environment).filter(([name]) => !SHELL_NAME.test(name));
  const direct = [command.file, ...command.arguments];
  // `env` would take such a program for a variable.
  if (odd.length === 0 || command.file.includes('=')) return direct;
  return ['/usr/bin/env', '--', ...odd.map(([name, value]) => `${name}=${value}`), ...direct];
}

/** A program that is not there is a plainer answer now than a status 127 later. */
function findProgramProblem(spec: ContainerSpec): string | undefined {
  if (spec.command.kind !== 'program') return undefined;
  const { file } = spec.command;
  const folders = file.includes('/')
    ? [isAbsolute(file) ? '' : spec.directory]
    : (spec.environment['PATH'] ?? '').split(':').filter((folder) => folder !== '');
  for (const folder of folders) {
    const path = folder === '' ? file : join(folder, file);
    if (isExecutableFile(path)) return undefined;
  }
  return `The executable "${file}" was not found, or is not an executable file`;
}

/** A folder of the PATH that may not be looked into does not count, as for a shell. */
function isExecutableFile(path: string): boolean {
  try {
    const stat = statSync(path);
    return stat.isFile() && (stat.mode & 0o111) !== 0;
  } catch {
    return false;
  }
}

function environmentOf(spec: ContainerSpec, user: SystemUser | undefined): Record<string, string> {
  const environment: Record<string, string> = { ...spec.environment, [CONTAINER_VARIABLE]: spec.containerId };
  if (user === undefined) return environment;
  // What still says who the agent is would be wrong for the user that the task becomes.
  const own = { HOME: user.home, USER: user.name, LOGNAME: user.name };
  for (const [name, value] of Object.entries(own)) {
    if (environment[name] === undefined || environment[name] === process.env[name]) environment[name] = value;
  }
  return environment;
}

function explainStartFailure(error: unknown, spec: ContainerSpec): string {
  switch (errorCode(error)) {
    case 'E2BIG':
      return 'The command and its environment are longer than the system can start a process with';
    case 'EAGAIN':
    case 'ENOMEM':
      return `The system has no room for another process: ${describeError(error)}`;
    case 'ENOSPC':
      return 'The disk is full: stdout and stderr could not be made';
    case 'ELOOP':
      return `stdout or stderr in ${spec.directory} is a symbolic link, which is not followed`;
    default:
      return `The process could not be started in ${spec.directory}: ${describeError(error)}`;
  }
}
