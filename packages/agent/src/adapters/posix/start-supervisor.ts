/** Starts the supervisor of a container as a child in a session of its own. */
import { statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { terminalOf } from '../../core/terminal.ts';
import type { ContainerSpec } from '../../ports/containerizer.ts';
import { CONTAINER_VARIABLE } from '../supervised/process-table.ts';
import { findTerminalProblem, inTerminal } from '../script-terminal.ts';
import { spawnSupervisor, type StartedSupervisor } from '../supervised/spawn-supervisor.ts';
import { SUPERVISOR_SCRIPT } from '../supervised/supervisor.ts';
import { makeTerminalInput } from '../supervised/supervised-terminal.ts';
import { variablesOf, type SystemUser } from '../system-users.ts';

/**
 * Starts it with the task's environment, directory and output.
 * @param exitDirectory where it leaves the exit status
 * @param user whom to become; undefined: this process's own user
 */
export async function startSupervisor(
  spec: ContainerSpec,
  exitDirectory: string,
  user: SystemUser | undefined,
): Promise<StartedSupervisor> {
  const terminal = terminalOf(spec.container);
  const problem =
    (spec.command.kind === 'image' ? 'Plain processes have no image to run' : findProgramProblem(spec)) ??
    (terminal === undefined ? undefined : findTerminalProblem());
  if (problem !== undefined) return { ok: false, message: problem };
  const command = terminal === undefined ? commandOf(spec) : inTerminal(commandOf(spec), terminal);
  return spawnSupervisor({
    argv: ['/bin/sh', '-c', SUPERVISOR_SCRIPT, 'stadion-supervisor', exitDirectory, ...command],
    environment: {
      ...(terminal === undefined ? {} : { TERM: 'xterm' }),
      ...spec.environment,
      ...(terminal === undefined ? {} : { SHELL: '/bin/sh' }),
      ...variablesOf(user, spec.environment),
      [CONTAINER_VARIABLE]: spec.containerId,
    },
    directory: spec.directory,
    outputDirectory: spec.directory,
    ...(terminal === undefined ? {} : { input: await makeTerminalInput(dirname(exitDirectory)) }),
    ...(user === undefined ? {} : { user }),
  });
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
