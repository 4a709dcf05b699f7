/** Sessions into tasks of a cluster, and what is on record of them. */
import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { CHANNEL, encodeFrame, FrameReader, SESSION_PROTOCOL } from '@stadion/contract/task-session';
import type { Cluster, Node } from './cluster.ts';
import { STADION } from './running-platform.ts';

/** Reads what a port of a task says, by `stadion port-forward`. */
export async function readForwarded(cluster: Cluster, server: Node | undefined, task: string, port: number) {
  const words = [STADION, 'port-forward', task, `0:${String(port)}`];
  const forwarding = spawn(process.execPath, words, { env: cluster.environmentThrough(server) });
  try {
    const local = await new Promise<number>((resolve, reject) => {
      let said = '';
      const listen = (chunk: Buffer): void => {
        said += chunk.toString();
        const found = /127\.0\.0\.1:(\d+) is port/.exec(said)?.[1];
        if (found !== undefined) resolve(Number(found));
      };
      forwarding.stdout.on('data', listen);
      forwarding.stderr.on('data', listen);
      forwarding.once('exit', () => reject(new Error(`port-forward ended: ${said}`)));
    });
    return await readAll(local, '127.0.0.1', new Uint8Array(0));
  } finally {
    forwarding.kill();
  }
}

/** Runs `cat` inside a task, its whole input in the same packet as the request. @returns what came back */
export async function sendAhead(address: string, headers: Readonly<Record<string, string>>, task: string) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const request =
    `GET /v2/tasks/${task}/exec?argv=cat HTTP/1.1\r\nHost: ${address}:8080\r\n${lines.join('')}` +
    `Connection: Upgrade\r\nUpgrade: ${SESSION_PROTOCOL}\r\n\r\n`;
  const input = [encodeFrame(CHANNEL.stdin, Buffer.from('sent ahead')), encodeFrame(CHANNEL.stdin, new Uint8Array(0))];
  const answer = await readAll(8080, address, Buffer.concat([Buffer.from(request), ...input]), 'latin1');
  let output = '';
  const reader = new FrameReader((channel, payload) => {
    if (channel === CHANNEL.stdout) output += Buffer.from(payload).toString();
  });
  reader.push(Buffer.from(answer.slice(answer.indexOf('\r\n\r\n') + 4), 'latin1'));
  return output;
}

function readAll(port: number, host: string, bytes: Uint8Array, encoding: BufferEncoding = 'utf8'): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ port, host }, () => socket.write(bytes));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('end', () => resolve(Buffer.concat(chunks).toString(encoding)));
    socket.once('error', reject);
  });
}

/** What a server has on record. */
export async function auditOf(
  server: Node,
): Promise<{ readonly who: string; readonly what: string; readonly outcome: string; readonly through?: string }[]> {
  const text = await readFile(join(server.folder, 'data', 'log', 'audit.log'), 'utf8');
  // What follows the last end of a line is being written.
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line));
}

/** The files below a folder that hold a text. */
export async function filesWith(text: string, folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && (await readFile(path)).includes(text)) found.push(path);
  }
  return found;
}
