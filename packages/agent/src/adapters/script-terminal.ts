/** A terminal for a command by script(1) of util-linux: it holds the terminal and outlives whoever asked for it. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { delay, type Timers } from '@stadion/base';
import type { TerminalSize } from '../ports/containerizer.ts';

const SCRIPT = '/usr/bin/script';

/** What the shell is told that becomes the command; while a process has that among its words, the command has not begun. */
const BEFORE_COMMAND = /^stty rows \d+ cols \d+; exec /;
/** So often is looked whether it has, and so many times. */
const LOOK_MS = 20;
const LOOKS_MAX = 500;

/** A sentence when there can be no terminal here, with the failure's name in front. */
export function findTerminalProblem(): string | undefined {
  if (process.platform === 'linux' && existsSync(SCRIPT)) return undefined;
  return `terminal-missing: terminals are held by ${SCRIPT} of util-linux, which is not here`;
}

/** The command that runs another one in a terminal, and ends with its exit status. `SHELL` has to be a POSIX shell. */
export function inTerminal(argv: readonly string[], { rows, columns }: TerminalSize): readonly string[] {
  const command = argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const text = `stty rows ${rows} cols ${columns}; exec ${command}`;
  return [SCRIPT, '--quiet', '--return', '--flush', '--command', text, '/dev/null'];
}

/**
 * Gives what changes the size of a terminal: once its command has begun, because its first size is set just before; one change
 * after the other, so that the last one counts.
 * @param findScript gives the process of script(1), whose child is the command; undefined: it has not begun, or is gone
 */
export function terminalResizer(findScript: () => number | undefined, timers: Timers): (size: TerminalSize) => void {
  let wanted: TerminalSize | undefined;
  async function follow(): Promise<void> {
    let terminal = findTerminal(findScript());
    for (let looks = 0; terminal === undefined && looks < LOOKS_MAX; looks += 1) {
      await delay(timers, LOOK_MS);
      terminal = findTerminal(findScript());
    }
    while (wanted !== undefined) {
      const size = wanted;
      if (terminal !== undefined) await setSize(terminal, size);
      if (wanted === size) wanted = undefined;
    }
  }
  return (size) => {
    const isFollowed = wanted !== undefined;
    wanted = size;
    if (!isFollowed) void follow();
  };
}

/** The terminal that is the input of a command which has begun. */
function findTerminal(scriptPid: number | undefined): string | undefined {
  const command = scriptPid === undefined ? undefined : childOf(scriptPid);
  if (command === undefined) return undefined;
  try {
    const words = readFileSync(`/proc/${command}/cmdline`, 'utf8').split('\0');
    if (words.some((word) => BEFORE_COMMAND.test(word))) return undefined;
    const terminal = readlinkSync(`/proc/${command}/fd/0`);
    return terminal.startsWith('/dev/pts/') ? terminal : undefined;
  } catch {
    // It has ended.
    return undefined;
  }
}

/** One that has ended meanwhile has no size. */
function setSize(terminal: string, { rows, columns }: TerminalSize): Promise<void> {
  return new Promise((resolve) => {
    execFile('stty', ['-F', terminal, 'rows', String(rows), 'cols', String(columns)], () => resolve());
  });
}

/** The first child of a process, if there is one. */
export function childOf(pid: number): number | undefined {
  try {
    const [first = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    return first === '' ? undefined : Number(first);
  } catch {
    return undefined;
  }
}
