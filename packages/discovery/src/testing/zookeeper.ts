/** A real ZooKeeper server on a private port, which a test may kill, freeze and start again. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { delay } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';

const JAR = '/usr/share/java/zookeeper.jar';
const START_MS_MAX = 60_000;
const SILENCE_MS_MAX = 2_000;

/** Whether Debian's `zookeeper` and a Java are here. */
export function hasZooKeeper(): boolean {
  return existsSync(JAR) && existsSync('/usr/bin/java');
}

/** One server. */
export class TestZooKeeper {
  private readonly folder: string;
  private readonly port: number;
  private child: ChildProcess | undefined;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.port = port;
  }

  static async start(): Promise<TestZooKeeper> {
    const folder = await mkdtemp(join(tmpdir(), 'stadion-discovery-'));
    const server = new TestZooKeeper(folder, await freePort());
    const settings = ['tickTime=500', `dataDir=${folder}`, 'clientPortAddress=127.0.0.1', 'admin.enableServer=false'];
    settings.push(`clientPort=${String(server.port)}`, '4lw.commands.whitelist=srvr', 'maxClientCnxns=0');
    await writeFile(join(folder, 'zoo.cfg'), `${settings.join('\n')}\n`);
    await server.launch();
    return server;
  }

  get connectString(): string {
    return `127.0.0.1:${String(this.port)}`;
  }

  /** Starts it and waits until it serves. */
  async launch(): Promise<void> {
    const options = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', `/etc/zookeeper/conf:${JAR}`];
    const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
    const words = [...options, main, join(this.folder, 'zoo.cfg')];
    this.child = spawn('/usr/bin/java', words, { stdio: 'ignore', cwd: this.folder });
    const end = systemClock.monotonic() + START_MS_MAX;
    while (!(await this.serves())) {
      if (systemClock.monotonic() > end) throw new Error('ZooKeeper does not serve');
      await delay(systemTimers, 100);
    }
  }

  /** SIGKILL ends it without a word, SIGSTOP freezes it, SIGCONT thaws it. */
  async signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const { child } = this;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    if (signal === 'SIGKILL') await ended;
  }

  /** Takes everything from it that it has stored, once it was killed. */
  async forget(): Promise<void> {
    await rm(join(this.folder, 'version-2'), { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    await this.signal('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }

  private serves(): Promise<boolean> {
    return new Promise((resolve) => {
      let text = '';
      const socket = connect(this.port, '127.0.0.1', () => socket.write('srvr'));
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      // One that accepts and says nothing does not serve.
      socket.setTimeout(SILENCE_MS_MAX, () => socket.destroy());
      socket.on('error', () => resolve(false));
      socket.on('close', () => resolve(text.includes('Mode:')));
    });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
