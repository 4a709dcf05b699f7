/** This machine, through Node. */
import { constants, readFileSync } from 'node:fs';
import { access, mkdir, open, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, resolve } from 'node:path';
import { connect } from 'node:tls';
import { PlatformError, describeError, errorCode } from '@stadion/base';
import type { Machine } from './ports.ts';

/** How long a port may take to show its certificate. */
const CERTIFICATE_MS_MAX = 2_000;

/** The adapter of the port. */
export const nodeMachine: Machine = {
  nodeVersion: process.version,

  async readFile(path, bytesMax) {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (size > bytesMax) throw tooLarge(path, bytesMax);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  },

  async readInput(bytesMax) {
    const parts: Buffer[] = [];
    let size = 0;
    for await (const part of process.stdin as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > bytesMax) throw tooLarge('standard input', bytesMax);
      parts.push(part);
    }
    return Buffer.concat(parts).toString('utf8');
  },

  async findWriteProblem(folder) {
    const existing = await nearestExisting(folder);
    try {
      if (!(await stat(existing)).isDirectory()) return `${existing} is no folder`;
      await access(existing, constants.W_OK | constants.X_OK);
      return undefined;
    } catch (error) {
      return errorCode(error) === 'EROFS' ? 'the file system is read-only' : `no permission in ${existing}`;
    }
  },

  async diskSpace(folder) {
    const { bavail, blocks, bsize } = await statfs(await nearestExisting(folder));
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  },

  findPortProblem(address, port) {
    return new Promise((resolve) => {
      const server = createServer();
      server.once('error', (error) => {
        resolve(errorCode(error) === 'EADDRINUSE' ? 'something else listens there' : describeError(error));
      });
      server.listen({ host: address, port, exclusive: true }, () => {
        server.close(() => resolve(undefined));
      });
    });
  },

  certificateEnd(host, port) {
    return new Promise((resolve) => {
      // Nothing is sent: whether it is to be trusted does not matter.
      const socket = connect({ host, port, rejectUnauthorized: false });
      const done = (end: number | undefined): void => {
        socket.destroy();
        resolve(end);
      };
      socket.setTimeout(CERTIFICATE_MS_MAX, () => done(undefined));
      socket.once('secureConnect', () => {
        const shown = socket.getPeerX509Certificate();
        done(shown === undefined ? undefined : Date.parse(shown.validTo));
      });
      socket.on('error', () => done(undefined));
    });
  },

  async replaceFile(path, content) {
    if (content === undefined) {
      await rm(path, { force: true });
      return;
    }
    await mkdir(dirname(path), { recursive: true });
    // Not by renaming: /etc/resolv.conf is often a link, or mounted by itself.
    await writeFile(path, content);
  },

  processStartTime(pid) {
    try {
      const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The command name (field 2) is in parentheses and may contain anything: count from behind it.
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      // A zombie has ended; only its parent has not looked yet.
      return fields[0] === 'Z' ? undefined : fields[19];
    } catch (error) {
      if (process.platform === 'linux' && errorCode(error) === 'ENOENT') return undefined;
      return isRunning(pid) ? '' : undefined;
    }
  },

  signal(pid, signal) {
    process.kill(pid, signal);
  },
};

/** Without `/proc`: signal 0 asks whether a process is there, and being refused means that it is. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

async function nearestExisting(folder: string): Promise<string> {
  let current = resolve(folder);
  for (;;) {
    try {
      await stat(current);
      return current;
    } catch {
      const parent = dirname(current);
      if (parent === current) return current;
      current = parent;
    }
  }
}

function tooLarge(source: string, bytesMax: number): PlatformError {
  return new PlatformError('input-too-large', `${source} is larger than ${bytesMax} bytes.`);
}
