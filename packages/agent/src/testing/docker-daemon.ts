/** A Docker daemon of a test's own: private socket, data, bridge and cgroups, no rule of any firewall, no leak. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { dockerImport } from './docker-images.ts';

/** A compiled copy of this file is two folders deep in `dist`; the script is no source and stays where it is. */
const SCRIPT = join(import.meta.dirname, '..', '..', 'src', 'testing', 'docker-daemon.sh');
const SUBNETS = 200;

/**
 * A running daemon. It lives below a shell that holds the other end of a pipe: when the process that started it is gone,
 * killed even, the shell ends every container, the daemon, its mounts, links and cgroups.
 */
export class DockerDaemon {
  readonly root: string;
  /** Its name begins the names of all its network links, and it is the parent of the cgroups of all its containers. */
  readonly bridge: string;
  pid = 0;
  private readonly keeper: ChildProcess;
  private readonly answers: Interface;

  private constructor(root: string, bridge: string, keeper: ChildProcess) {
    this.root = root;
    this.bridge = bridge;
    this.keeper = keeper;
    if (keeper.stdout === null) throw new Error('the keeper has no output');
    this.answers = createInterface({ input: keeper.stdout });
  }

  /**
   * Starts one; its images are those that are given to {@link importImage}.
   * @param dataSize how much room it has, e.g. `32m`; as much as the disk unless it is said
   */
  static async start(dataSize = ''): Promise<DockerDaemon> {
    const root = await mkdtemp(join(tmpdir(), 'stadion-docker-'));
    const bridge = `sd${root.slice(-6).toLowerCase()}`;
    const subnet = freeSubnet(process.pid);
    const addresses = [`10.213.${subnet}.1/25`, `10.213.${subnet}.128/25`];
    const keeper = spawn('/bin/sh', [SCRIPT, root, bridge, ...addresses, dataSize], {
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const daemon = new DockerDaemon(root, bridge, keeper);
    await daemon.startAgain();
    return daemon;
  }

  /** As a client takes it. */
  get host(): string {
    return `unix://${this.socketPath}`;
  }

  get socketPath(): string {
    return join(this.root, 'docker.sock');
  }

  /** Starts the daemon again after {@link kill}. */
  async startAgain(): Promise<void> {
    const answer = await this.command('start');
    const match = /^started (\d+)$/.exec(answer);
    if (match === null) throw new Error(`dockerd did not start:\n${await this.log()}`);
    this.pid = Number(match[1]);
  }

  /** Ends the daemon alone; containers run on. */
  async kill(signal: 'KILL' | 'TERM'): Promise<void> {
    await this.command(`kill ${signal}`);
  }

  /** Makes an image of a folder. @param changes lines of a Dockerfile, e.g. `CMD ["/bin/sh"]` */
  async importImage(folder: string, name: string, changes: readonly string[] = []): Promise<void> {
    await dockerImport(this.socketPath, folder, name, changes);
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.keeper.once('exit', resolve));
    this.keeper.stdin?.end();
    await ended;
  }

  private command(line: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.answers.once('line', resolve);
      this.keeper.once('exit', () => reject(new Error('the keeper of dockerd has ended')));
      this.keeper.stdin?.write(`${line}\n`);
    });
  }

  private async log(): Promise<string> {
    const text = await readFile(join(this.root, 'dockerd.log'), 'utf8').catch(() => '');
    return text.split('\n').slice(-20).join('\n');
  }
}

/** A /24 of 10.213/16 that no link of this machine has an address in. @param seed where to begin looking */
function freeSubnet(seed: number): number {
  const taken = new Set(
    Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .map(({ address }) => /^10\.213\.(\d+)\./.exec(address)?.[1]),
  );
  for (let step = 0; step < SUBNETS; step += 1) {
    const candidate = (seed + step) % SUBNETS;
    if (!taken.has(String(candidate))) return candidate;
  }
  throw new Error('no subnet is left for another Docker daemon');
}
