/** A terminal for a command by script(1) of util-linux: it holds the terminal and outlives whoever asked for it. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import type { TerminalSize } from '../ports/containerizer.ts';

const SCRIPT = '/usr/bin/script';

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

/** The command is the child of script(1), and its input is the terminal. @param scriptPid undefined: it is gone */
export function resizeTerminal(scriptPid: number | undefined, { rows, columns }: TerminalSize): void {
  const command = scriptPid === undefined ? undefined : childOf(scriptPid);
  if (command === undefined) return;
  try {
    const terminal = readlinkSync(`/proc/${command}/fd/0`);
    if (!terminal.startsWith('/dev/pts/')) return;
    execFile('stty', ['-F', terminal, 'rows', String(rows), 'cols', String(columns)], () => undefined);
  } catch {
    // It has ended, or has not begun.
  }
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
