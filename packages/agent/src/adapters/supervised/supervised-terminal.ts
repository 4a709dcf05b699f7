/**
 * The terminal of a supervised command: script(1) below the supervisor holds it, and its input is a named pipe that the
 * supervisor keeps open. So both outlive the agent, and whoever comes later finds the pipe.
 */
import { execFile } from 'node:child_process';
import { constants, existsSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeError, errorCode, type Timers } from '@stadion/base';
import type { AttachOutcome } from '../../ports/containerizer.ts';
import { childOf, terminalResizer } from '../script-terminal.ts';

/** Node has no mkfifo(3). @param directory that of the container @returns the pipe, open for the supervisor to inherit */
export async function makeTerminalInput(directory: string): Promise<number> {
  const path = inputOf(directory);
  await promisify(execFile)('mkfifo', ['--mode=600', path]);
  // Both ways: so it never comes to its end, however many write to it and go again.
  return openSync(path, constants.O_RDWR);
}

/** Whether the command of a container has one, so that the child of its supervisor is script(1). */
export function hasTerminal(directory: string): boolean {
  return existsSync(inputOf(directory));
}

/** @param supervisorPid whose child is script(1) */
export function attachTerminal(directory: string, supervisorPid: number, timers: Timers): AttachOutcome {
  let file: number;
  try {
    file = openSync(inputOf(directory), constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { ok: false, message: NO_TERMINAL };
    return { ok: false, message: `The terminal of the task cannot be reached: ${describeError(error)}` };
  }
  const stdin = new Socket({ fd: file, readable: false, writable: true });
  // The command has ended.
  stdin.on('error', () => undefined);
  return { ok: true, input: { stdin, resize: terminalResizer(() => childOf(supervisorPid), timers) } };
}

/** Why such a task takes no input. */
export const NO_TERMINAL = 'The task has no terminal, so it takes no input: its descriptor has to say "tty": true';

function inputOf(directory: string): string {
  return join(directory, 'terminal-input');
}
