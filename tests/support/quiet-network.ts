/**
 * A network namespace with one port in it, for a browser. Chromium drops every request under way when the machine's
 * interfaces change, and suites that run meanwhile make and remove networks: in here nothing changes.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { joinStreams } from '@stadion/base/join-streams';

const RELAY = join(import.meta.dirname, '..', 'peers', 'port-relay.mjs');

/** See the head of this file. Needs root. */
export class QuietNetwork {
  /** Starts a program inside, with the arguments that it is given. */
  readonly launcher: string;
  private readonly folder: string;
  private readonly relay: ChildProcess;
  private readonly exit: Server;
  private readonly passing: ReadonlySet<Socket>;

  private constructor(
    folder: string,
    relay: ChildProcess,
    { exit, passing }: { exit: Server; passing: ReadonlySet<Socket> },
    launcher: string,
  ) {
    this.folder = folder;
    this.relay = relay;
    this.exit = exit;
    this.passing = passing;
    this.launcher = launcher;
  }

  /**
   * Makes the namespace; what is at `port` of this host's loopback interface is at that port of its own.
   * @param program that `launcher` starts
   */
  static async around(program: string, port: number): Promise<QuietNetwork> {
    const folder = await mkdtemp(join(tmpdir(), 'stadion-quiet-'));
    const passing = new Set<Socket>();
    const exit = createServer((inside) => {
      const outside = connect(port, '127.0.0.1');
      passing.add(outside);
      outside.once('close', () => passing.delete(outside));
      void joinStreams(inside, outside);
    });
    const socketPath = join(folder, 'exit');
    await new Promise<void>((resolve) => exit.listen(socketPath, resolve));
    const script = 'ip link set lo up && exec "$@"';
    const command = ['sh', '-c', script, 'sh', process.execPath, RELAY, String(port), socketPath];
    const relay = spawn('unshare', ['--net', ...command], { stdio: ['pipe', 'pipe', 'inherit'] });
    await new Promise<void>((resolve, reject) => {
      relay.stdout.once('data', () => resolve());
      relay.once('error', reject);
      relay.once('exit', (code) => reject(new Error(`the relay ended with ${String(code)}`)));
    });
    const launcher = join(folder, 'launch');
    const inside = `nsenter --net=/proc/${String(relay.pid)}/ns/net`;
    await writeFile(launcher, `#!/bin/sh\nexec ${inside} ${program} "$@"\n`, { mode: 0o755 });
    return new QuietNetwork(folder, relay, { exit, passing }, launcher);
  }

  /** Ends it, with every connection through it. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.relay.once('exit', resolve));
    this.relay.stdin?.end();
    await ended;
    // One that hangs would be waited for.
    for (const outside of this.passing) outside.destroy();
    await new Promise((resolve) => this.exit.close(resolve));
    await rm(this.folder, { recursive: true, force: true });
  }
}
