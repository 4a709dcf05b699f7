/** Byte streams through Node: the terminal of this process, upgrades, listening, tar. */
import { spawn } from 'node:child_process';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { createServer } from 'node:net';
import { PassThrough, type Duplex } from 'node:stream';
import { PlatformError } from '@stadion/base';
import type { Streams } from './ports.ts';

const REFUSAL_BYTES_MAX = 64 * 1024;

/** The adapter of the port. */
export const nodeStreams: Streams = {
  input: {
    stream: process.stdin,
    isTerminal: process.stdin.isTTY,
    setRaw: (raw) => {
      if (process.stdin.isTTY) process.stdin.setRawMode(raw);
    },
  },

  upgrade(url, protocol, headers) {
    return new Promise((resolve, reject) => {
      const send = url.startsWith('https:') ? httpsRequest : httpRequest;
      const outgoing = send(url, { headers: { ...headers, connection: 'Upgrade', upgrade: protocol } });
      outgoing.once('upgrade', (_response, socket: Duplex, head: Buffer) => {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      });
      outgoing.once('response', (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          if (text.length < REFUSAL_BYTES_MAX) text += chunk.toString();
        });
        response.once('end', () => reject(new PlatformError('session-refused', messageIn(text))));
      });
      outgoing.once('error', reject);
      outgoing.end();
    });
  },

  listen(port, onConnection) {
    return new Promise((resolve, reject) => {
      const server = createServer({ allowHalfOpen: true }, onConnection);
      server.once('error', reject);
      server.listen({ host: '127.0.0.1', port }, () => {
        const address = server.address();
        const close = (): void => {
          server.close();
        };
        resolve({ port: typeof address === 'object' && address !== null ? address.port : port, close });
      });
    });
  },

  watchSize(onSize) {
    const tell = (): void => {
      if (process.stdout.isTTY) onSize({ rows: process.stdout.rows, columns: process.stdout.columns });
    };
    tell();
    process.stdout.on('resize', tell);
    return () => process.stdout.off('resize', tell);
  },

  tar(words) {
    const child = spawn('tar', words, { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = new Promise<number>((resolve) => {
      child.once('close', (code) => resolve(code ?? 1));
      child.once('error', () => resolve(127));
    });
    child.stdin.on('error', () => undefined);
    // Node throws away what nobody has read when a process ends, and the one for whom it is may not be there yet.
    return { stdin: child.stdin, stdout: child.stdout.pipe(new PassThrough()), ended };
  },

  write(target, bytes) {
    process[target].write(bytes);
  },
};

function messageIn(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'message' in value) return String(value.message);
  } catch {
    // No JSON: the text itself.
  }
  return text === '' ? 'The platform refused the session.' : text;
}
