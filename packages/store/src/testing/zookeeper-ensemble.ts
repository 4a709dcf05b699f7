/** Real ZooKeeper servers for tests: private ports and folders, started and ended by their pids. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import zookeeper from 'node-zookeeper-client';
import { delay } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';

const JAR = '/usr/share/java/zookeeper.jar';
/** What TLS takes beside what Debian’s package names. */
const NETTY_JARS = ['codec', 'resolver', 'transport-native-unix-common'].map(
  (part) => `/usr/share/java/netty-${part}.jar`,
);
/** Of each server: for clients, for each other, for elections, for clients by TLS. */
const PORTS_EACH = 4;
const START_MS_MAX = 60_000;
const POLL_MS = 100;
const HEAP_MEGABYTES = 256;

/** Whether Debian's `zookeeper` and a Java are here. */
export function hasZooKeeper(): boolean {
  return existsSync(JAR) && existsSync('/usr/bin/java');
}

/** How the servers run. */
export interface EnsembleOptions {
  /** How many; three survive the loss of one. */
  readonly servers: number;
  /** ZooKeeper's unit of time, milliseconds: sessions last between 2 and 20 of them. */
  readonly tickMs?: number;
  /** Memory of each server's heap; ZooKeeper keeps everything in it. Default: 256. */
  readonly heapMegabytes?: number;
  /** The address of each server, if they are not all on loopback, e.g. in network namespaces. */
  readonly hosts?: readonly string[];
  /** Has the servers take clients by TLS as well, with this certificate and key, from clients of this authority; all PEM files. */
  readonly tls?: { readonly keyStore: string; readonly authority: string };
  /** Called for the folder of each server before it is used. */
  readonly prepare?: (directory: string) => Promise<void>;
  /** What to put before the command that starts a server, e.g. `ip netns exec NAME`. */
  readonly launchers?: readonly (readonly string[])[];
}

interface Server {
  readonly host: string;
  readonly clientPort: number;
  readonly securePort: number;
  readonly directory: string;
  readonly launcher: readonly string[];
  process: ChildProcess | undefined;
}

/** Several servers that agree with each other. */
export class ZooKeeperEnsemble {
  private readonly folder: string;
  private readonly servers: readonly Server[];
  private readonly heapMegabytes: number;

  private constructor(folder: string, servers: readonly Server[], heapMegabytes: number) {
    this.folder = folder;
    this.servers = servers;
    this.heapMegabytes = heapMegabytes;
  }

  /** Starts them, and waits until most of them serve. */
  static async start(options: EnsembleOptions): Promise<ZooKeeperEnsemble> {
    const folder = mkdtempSync(join(tmpdir(), 'stadion-zookeeper-'));
    const hosts = Array.from({ length: options.servers }, (_, index) => options.hosts?.[index] ?? '127.0.0.1');
    const ports = await freePorts(PORTS_EACH * options.servers);
    const portOf = (server: number, which: number): number => ports[server * PORTS_EACH + which] ?? 0;
    const members = hosts.map(
      (host, index) => `server.${String(index + 1)}=${host}:${String(portOf(index, 1))}:${String(portOf(index, 2))}`,
    );
    const directories = hosts.map((_host, index) => join(folder, String(index + 1)));
    for (const directory of directories) {
      mkdirSync(directory);
      await options.prepare?.(directory);
    }
    const servers = hosts.map((host, index): Server => {
      const directory = directories[index] ?? '';
      writeFileSync(join(directory, 'myid'), `${String(index + 1)}\n`);
      const settings = [
        `tickTime=${String(options.tickMs ?? 500)}`,
        'initLimit=20',
        'syncLimit=8',
        `dataDir=${directory}`,
        `clientPort=${String(portOf(index, 0))}`,
        `clientPortAddress=${host}`,
        'admin.enableServer=false',
        '4lw.commands.whitelist=srvr',
        'maxClientCnxns=0',
        ...(options.servers > 1 ? members : []),
        ...(options.tls === undefined ? [] : secureSettings(options.tls, host, portOf(index, 3))),
      ];
      writeFileSync(join(directory, 'zoo.cfg'), `${settings.join('\n')}\n`);
      const launcher = options.launchers?.[index] ?? [];
      return {
        host,
        clientPort: portOf(index, 0),
        securePort: portOf(index, 3),
        directory,
        launcher,
        process: undefined,
      };
    });
    const ensemble = new ZooKeeperEnsemble(folder, servers, options.heapMegabytes ?? HEAP_MEGABYTES);
    for (const index of servers.keys()) ensemble.launch(index);
    try {
      for (const index of servers.keys()) await ensemble.serving(index);
    } catch (error) {
      await ensemble.stop();
      throw error;
    }
    return ensemble;
  }

  /** `host:port,…` of all. */
  get connectString(): string {
    return this.servers.map(({ host, clientPort }) => `${host}:${String(clientPort)}`).join(',');
  }

  /** The same by TLS. */
  get secureConnectString(): string {
    return this.servers.map(({ host, securePort }) => `${host}:${String(securePort)}`).join(',');
  }

  /** Starts a server that was killed. */
  launch(index: number): void {
    const server = this.server(index);
    const classPath = ['/etc/zookeeper/conf', JAR, ...NETTY_JARS].join(':');
    const java = [
      '/usr/bin/java',
      `-Xmx${String(this.heapMegabytes)}m`,
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-cp',
      classPath,
    ];
    const main = [
      '-Dzookeeper.commitLogCount=64',
      '-Dzookeeper.preAllocSize=4096',
      'org.apache.zookeeper.server.quorum.QuorumPeerMain',
    ];
    const [command, ...args] = [...server.launcher, ...java, ...main, join(server.directory, 'zoo.cfg')];
    server.process = spawn(command, args, { stdio: 'ignore', cwd: server.directory });
  }

  /** Starts a server that has ended, and waits until it serves. */
  async revive(index: number): Promise<void> {
    const { process: child } = this.server(index);
    if (child?.exitCode !== null || child.signalCode !== null) this.launch(index);
    await this.serving(index);
  }

  /** Waits until a server answers its clients, or any server from outside its namespace once its process is up. */
  async serving(index: number): Promise<void> {
    const server = this.server(index);
    const end = systemClock.monotonic() + START_MS_MAX;
    for (;;) {
      if (server.process?.exitCode !== null) {
        throw new Error(`ZooKeeper server ${String(index + 1)} ended at its start: see ${server.directory}`);
      }
      if ((await ask(server.host, server.clientPort, 'srvr')).includes('Mode:')) return;
      if (systemClock.monotonic() > end) throw new Error(`ZooKeeper server ${String(index + 1)} does not serve`);
      await delay(systemTimers, POLL_MS);
    }
  }

  /** `leader`, `follower`, `standalone`, or an empty text while the server does not serve. */
  async mode(index: number): Promise<string> {
    const { host, clientPort } = this.server(index);
    return /Mode: (\w+)/.exec(await ask(host, clientPort, 'srvr'))?.[1] ?? '';
  }

  /** Sends a signal to a server: SIGSTOP freezes it, SIGKILL ends it without a word. */
  async signal(index: number, signal: NodeJS.Signals): Promise<void> {
    const { process: child } = this.server(index);
    if (child === undefined) return;
    const ended = new Promise<void>((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) resolve();
      else {
        child.once('exit', () => {
          resolve();
        });
      }
    });
    child.kill(signal);
    if (signal === 'SIGKILL') await ended;
  }

  /** Removes whatever is below a node, as a careless hand would. */
  async empty(path: string): Promise<void> {
    const client = zookeeper.createClient(this.connectString, { retries: 0 });
    client.connect();
    const call = <Result>(begin: (done: (error: unknown, result?: Result) => void) => void) =>
      new Promise<Result | undefined>((resolve) => begin((_error, result) => resolve(result)));
    const names = (await call<string[]>((done) => client.getChildren(path, done))) ?? [];
    await Promise.all(names.map((name) => call((done) => client.remove(`${path}/${name}`, done))));
    client.close();
  }

  /** Takes from a server that was killed everything it has stored. */
  forget(index: number): void {
    rmSync(join(this.server(index).directory, 'version-2'), { recursive: true, force: true });
  }

  /** Ends all and removes their folders. @param beforeRemoval called once nobody uses them any more */
  async stop(beforeRemoval: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    for (const index of this.servers.keys()) await this.signal(index, 'SIGKILL');
    await beforeRemoval();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private server(index: number): Server {
    const server = this.servers[index];
    if (server === undefined) throw new Error(`there is no server ${String(index)}`);
    return server;
  }
}

function secureSettings(
  { keyStore, authority }: { readonly keyStore: string; readonly authority: string },
  host: string,
  port: number,
): string[] {
  return [
    'serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory',
    `secureClientPort=${String(port)}`,
    `secureClientPortAddress=${host}`,
    `ssl.keyStore.location=${keyStore}`,
    'ssl.keyStore.type=PEM',
    `ssl.trustStore.location=${authority}`,
    'ssl.trustStore.type=PEM',
  ];
}

function ask(host: string, port: number, word: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ host, port });
    const done = (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2_000, done);
    socket.on('connect', () => socket.write(word));
    socket.on('data', (bytes) => {
      answer += bytes.toString();
    });
    socket.on('error', done);
    socket.on('close', done);
  });
}

async function freePorts(count: number): Promise<number[]> {
  const held = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = held.map((server) => {
    const address = server.address();
    return address === null || typeof address === 'string' ? 0 : address.port;
  });
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
