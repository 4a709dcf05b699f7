/** Runs one step after the other, each named and timed, so that a person who waits sees what for. */
import { spawn } from 'node:child_process';

/**
 * What a command did.
 * @typedef {{ readonly ok: boolean, readonly output: string, readonly exit: string }} CommandResult
 */

/**
 * Runs a command and gathers its output.
 * @param {readonly string[]} command the program and its arguments
 * @param {{ cwd: string, env?: Readonly<Record<string, string>>, show?: boolean }} options `show` passes the output on as it comes
 * @returns {Promise<CommandResult>} never rejects: a program that cannot be started is a failed one
 */
export function run(command, { cwd, env = {}, show = false }) {
  const [program = '', ...args] = command;
  return new Promise((resolve) => {
    /** @type {Buffer[]} */
    const chunks = [];
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: show ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    });
    child.stdout?.on('data', (/** @type {Buffer} */ chunk) => chunks.push(chunk));
    child.stderr?.on('data', (/** @type {Buffer} */ chunk) => chunks.push(chunk));
    child.once('error', (error) => {
      resolve({ ok: false, output: `cannot start ${program}: ${error.message}\n`, exit: 'not started' });
    });
    child.once('close', (code, signal) => {
      const exit = signal ?? `exit code ${String(code)}`;
      resolve({ ok: code === 0, output: Buffer.concat(chunks).toString('utf8'), exit });
    });
  });
}

/**
 * Runs one named step, telling its name first, then its outcome and duration, then everything a failed one printed.
 * @param {string} name
 * @param {() => Promise<CommandResult>} work
 * @returns {Promise<boolean>} whether it succeeded
 */
export async function step(name, work) {
  const startedAt = performance.now();
  process.stdout.write(`▸ ${name} … `);
  const result = await work();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(result.ok ? `ok (${seconds} s)\n` : `FAILED (${seconds} s, ${result.exit})\n`);
  if (!result.ok) process.stdout.write(`${indent(result.output)}\n`);
  return result.ok;
}

/** @param {string} text */
function indent(text) {
  return text.trimEnd().replace(/^(?=.)/gm, '    ');
}
