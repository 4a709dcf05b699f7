/** One call of a CNI plugin: a program that gets its orders by environment and stdin (CNI spec 0.4.0). */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where Debian and everybody else have plugins. */
export const PLUGIN_DIRECTORIES_DEFAULT: readonly string[] = ['/usr/lib/cni', '/opt/cni/bin'];
const PLUGIN_MS_MAX = 60_000;
const OUTPUT_CHARACTERS_MAX = 1024 * 1024;

/** One call. */
export interface CniCall {
  readonly command: 'ADD' | 'DEL';
  readonly containerId: string;
  /** Path of the network namespace; empty when it is gone. */
  readonly namespace: string;
  readonly interfaceName: string;
  /** The plugin's configuration; `type` is its name. */
  readonly config: object & { readonly type: string };
}

/** The plugin's answer, or what it complains of. */
export type CniOutcome =
  { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly message: string };

/** Where a plugin is, or undefined. */
export function findPlugin(directories: readonly string[], type: string): string | undefined {
  if (!/^[\w.-]+$/.test(type)) return undefined;
  return directories.map((directory) => join(directory, type)).find((path) => existsSync(path));
}

/** Calls it. */
export function callPlugin(directories: readonly string[], call: CniCall): Promise<CniOutcome> {
  const program = findPlugin(directories, call.config.type);
  if (program === undefined) {
    const where = directories.join(' and ');
    return Promise.resolve({ ok: false, message: `the CNI plugin "${call.config.type}" is in none of ${where}` });
  }
  return new Promise((resolve) => {
    const child = spawn(program, [], {
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: PLUGIN_MS_MAX,
      env: {
        PATH: process.env['PATH'],
        CNI_COMMAND: call.command,
        CNI_CONTAINERID: call.containerId,
        CNI_NETNS: call.namespace,
        CNI_IFNAME: call.interfaceName,
        CNI_PATH: directories.join(':'),
      },
    });
    let output = '';
    let complaint = '';
    child.stdout.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-OUTPUT_CHARACTERS_MAX)));
    child.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-1024)));
    child.once('error', (error) => resolve({ ok: false, message: error.message }));
    child.stdin.once('error', () => undefined);
    child.once('close', (code) => {
      const result = parse(output);
      if (code === 0) resolve({ ok: true, result });
      else {
        resolve({
          ok: false,
          message: `${call.config.type}: ${messageIn(result) ?? (complaint.trim() || 'it does not say why')}`,
        });
      }
    });
    child.stdin.end(JSON.stringify(call.config));
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Plugins tell errors as `{ code, msg, details }`. */
function messageIn(result: unknown): string | undefined {
  if (typeof result !== 'object' || result === null || !('msg' in result) || typeof result.msg !== 'string') {
    return undefined;
  }
  return 'details' in result && typeof result.details === 'string' && result.details !== ''
    ? `${result.msg}: ${result.details}`
    : result.msg;
}
