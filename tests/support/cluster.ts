/** A real cluster: ZooKeepers, servers and agents, each role a process of its own on a machine of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUuid } from '@stadion/base';
import { SystemRandom } from '@stadion/base/system';
import { ZooKeeperEnsemble, hasZooKeeper } from '@stadion/store/testing';
import { Machines, canMakeMachines, type Machine } from './machines.ts';
import { SmallDisk } from './small-disk.ts';
import { STADION, callJson, run, waitFor, type Answer, type Finished, type TaskView } from './running-platform.ts';

/** Whether a cluster can be made here. */
export function canMakeCluster(): boolean {
  return canMakeMachines() && hasZooKeeper();
}

const ORCHESTRATOR_PORT = 8080;
const MASTER_PORT = 5050;
const AGENT_PORT = 5051;

/** One role on one machine. */
export interface Node {
  readonly role: 'server' | 'agent';
  readonly machine: Machine;
  readonly folder: string;
  readonly url: string;
  readonly command: readonly string[];
  /** What its data is on, where that can be filled. */
  readonly disk: SmallDisk | undefined;
  process: ChildProcess | undefined;
  output: string;
}

/** How many of each. */
export interface ClusterShape {
  readonly servers: number;
  readonly agents: number;
  /** Gives each server, agent and ZooKeeper a disk of so many megabytes, which can be filled. */
  readonly diskMegabytes?: number;
  /** Flags for each agent. */
  readonly agentFlags?: readonly string[];
  /** Makes what nodes need before they start, and gives the flags of each; all of them are reached by HTTPS then. */
  readonly overTls?: (
    cluster: Cluster,
  ) => Promise<(node: { role: Node['role']; machine: Machine }) => readonly string[]>;
}

/** The stage of the suites about many machines. */
export class Cluster {
  /** What is shown: a test that has the cluster take another sets it. */
  secret = randomUuid(new SystemRandom());
  readonly folder: string;
  readonly machines: Machines;
  readonly zooKeepers: ZooKeeperEnsemble;
  readonly nodes: Node[] = [];
  readonly zooKeeperDisks: readonly SmallDisk[];
  private readonly shape: ClusterShape;
  private tlsFlags: (node: { role: Node['role']; machine: Machine }) => readonly string[] = () => [];

  private constructor(
    folder: string,
    machines: Machines,
    zooKeepers: ZooKeeperEnsemble,
    zooKeeperDisks: readonly SmallDisk[],
    shape: ClusterShape,
  ) {
    this.zooKeeperDisks = zooKeeperDisks;
    this.folder = folder;
    this.machines = machines;
    this.zooKeepers = zooKeepers;
    this.shape = shape;
  }

  /** Starts everything, and waits until one server leads and all agents are registered. ZooKeeper runs on the servers. */
  static async start(shape: ClusterShape): Promise<Cluster> {
    const folder = await mkdtemp(join(tmpdir(), 'stadion cluster '));
    const machines = await Machines.make(shape.servers + shape.agents);
    const hosts = machines.machines.slice(0, shape.servers);
    const { diskMegabytes } = shape;
    const disks: SmallDisk[] = [];
    let zooKeepers: ZooKeeperEnsemble;
    try {
      zooKeepers = await ZooKeeperEnsemble.start({
        servers: shape.servers,
        hosts: hosts.map(({ address }) => address),
        launchers: hosts.map((machine) => machines.on(machine)),
        prepare: async (directory) => {
          if (diskMegabytes !== undefined) disks.push(await SmallDisk.mount(directory, diskMegabytes));
        },
      });
    } catch (error) {
      for (const disk of disks) await disk.unmount();
      await machines.remove();
      throw error;
    }
    const cluster = new Cluster(folder, machines, zooKeepers, disks, shape);
    try {
      await cluster.prepare();
      for (const node of cluster.nodes) cluster.launch(node);
      await cluster.ready();
    } catch (error) {
      const said = cluster.nodes.map(({ role, output }) => `${role}: ${output}`).join('\n');
      await cluster.stop();
      throw new Error(`The cluster did not start.\n${said}`, { cause: error });
    }
    return cluster;
  }

  get servers(): readonly Node[] {
    return this.nodes.filter(({ role }) => role === 'server');
  }

  get agents(): readonly Node[] {
    return this.nodes.filter(({ role }) => role === 'agent');
  }

  get zkUrl(): string {
    return `zk://${this.zooKeepers.connectString}/stadion`;
  }

  /** Starts a node's process, again if it was killed. */
  launch(node: Node): void {
    const [command = '', ...words] = node.command;
    const child = spawn(command, words, { cwd: node.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    node.process = child;
    child.stdout.on('data', (chunk: Buffer) => (node.output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (node.output += chunk.toString()));
  }

  /** Ends a node's process with a signal and waits for its end. */
  async kill(node: Node, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { process: child } = node;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  /** The node whose server leads, once there is one that answers for itself. */
  async leader(limitMs = 60_000): Promise<Node> {
    return waitFor('a server leads', () => this.findLeader(), limitMs);
  }

  /** Calls the orchestrator through a server; the first unless another is named. Refused connections are errors. */
  call(method: string, path: string, body?: unknown, through = this.servers[0]): Promise<Answer> {
    return callJson(`${through?.url ?? ''}:${String(ORCHESTRATOR_PORT)}${path}`, method, body, this.headers);
  }

  /** Calls the master through a server. */
  ask(path: string, through = this.servers[0]): Promise<Answer> {
    return callJson(`${through?.url ?? ''}:${String(MASTER_PORT)}${path}`, 'GET', undefined, this.headers);
  }

  get headers(): Readonly<Record<string, string>> {
    return { authorization: `Bearer ${this.secret}` };
  }

  /** Changes something through whichever server takes it, and waits until no deployment is under way. */
  async change(method: string, path: string, body?: unknown): Promise<void> {
    await waitFor(
      `${method} ${path} is taken`,
      async () => {
        const answer = await this.callAny(method, path, body);
        if (answer === undefined || answer.status >= 500) return false;
        if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
        return true;
      },
      60_000,
    );
    await this.settled();
  }

  /** Waits until no deployment is under way. */
  async settled(limitMs = 90_000): Promise<void> {
    await waitFor(
      'all deployments are done',
      async () => {
        const answer = await this.callAny('GET', '/v2/deployments');
        return answer?.status === 200 && answer.body.length === 0;
      },
      limitMs,
    );
  }

  /** The first server that answers. */
  async callAny(method: string, path: string, body?: unknown): Promise<Answer | undefined> {
    for (const server of this.servers) {
      const answer = await this.call(method, path, body, server).catch(() => undefined);
      if (answer !== undefined && answer.status !== 503 && answer.status !== 502) return answer;
    }
    return undefined;
  }

  /** The running tasks of an app. */
  async tasks(appId: string): Promise<TaskView[]> {
    return waitFor(`tasks of ${appId} are told`, async () => {
      const answer = await this.callAny('GET', `/v2/apps${appId}/tasks`);
      return answer?.status === 200 ? (answer.body.tasks as TaskView[]) : undefined;
    });
  }

  /** Runs a command of the CLI from outside of the machines, through the first server. */
  cli(...words: string[]): Promise<Finished> {
    return this.cliThrough(this.servers[0], ...words);
  }

  /** The same through a server of one's choice. */
  cliThrough(server: Node | undefined, ...words: string[]): Promise<Finished> {
    return run(process.execPath, [STADION, ...words], { cwd: this.folder, env: this.environmentThrough(server) });
  }

  /** What tells the command line where the cluster is. */
  environmentThrough(server: Node | undefined): Record<string, string | undefined> {
    return {
      ...process.env,
      NO_COLOR: '1',
      STADION_URL: `${server?.url ?? ''}:${String(ORCHESTRATOR_PORT)}`,
      STADION_SECRET_FILE: this.secretFile,
      ...(this.shape.overTls === undefined ? {} : { NODE_EXTRA_CA_CERTS: this.authorityFile }),
    };
  }

  /** The authority that tools outside of the machines trust. */
  get authorityFile(): string {
    return join(this.folder, 'authority.pem');
  }

  get secretFile(): string {
    return join(this.folder, 'secret');
  }

  /** Adds an agent that is not started yet. */
  async addAgent(machine: Machine, words: readonly string[], name = 'agent'): Promise<Node> {
    const folder = join(this.folder, `${name}-${machine.namespace}`);
    const disk = await this.diskFor(folder);
    const first = 21_000;
    const command = [
      ...this.machines.on(machine),
      process.execPath,
      STADION,
      ...words,
      ...['--data-dir', join(folder, 'data'), '--agent-port', String(AGENT_PORT), '--containerizers', 'posix'],
      ...['--resources', `cpus:8;mem:8192;disk:20000;ports:[${String(first)}-${String(first + 99)}]`],
      ...(this.shape.agentFlags ?? []),
      ...this.tlsFlags({ role: 'agent', machine }),
    ];
    const url = this.urlOf(machine);
    const node: Node = { role: 'agent', machine, folder, url, command, disk, process: undefined, output: '' };
    this.nodes.push(node);
    return node;
  }

  /** Makes the folder of a node, and its disk. */
  private async diskFor(folder: string): Promise<SmallDisk | undefined> {
    await mkdir(folder, { recursive: true });
    const { diskMegabytes } = this.shape;
    return diskMegabytes === undefined ? undefined : SmallDisk.mount(join(folder, 'data'), diskMegabytes);
  }

  /** Ends everything: tasks first. */
  async stop(): Promise<void> {
    for (const node of this.servers) await this.kill(node);
    await Promise.all(
      this.agents.map(async (node) => {
        const { process: child } = node;
        // One that was killed must come back once more to end its tasks.
        if (child?.exitCode !== null || child.signalCode !== null) {
          node.output = '';
          this.launch(node);
          await waitFor(
            'the agent is back',
            () => node.output.includes('Stadion is ready') || node.process?.exitCode !== null,
          );
        }
        await this.kill(node, 'SIGUSR2');
      }),
    );
    await this.zooKeepers.stop(() => this.unmount());
    await this.machines.remove();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async unmount(): Promise<void> {
    for (const disk of this.zooKeeperDisks) await disk.unmount();
    for (const { disk } of this.nodes) await disk?.unmount();
  }

  /** What went into a node's log. */
  logOf(node: Node): Promise<string> {
    return readFile(join(node.folder, 'data', 'log', 'stadion.log'), 'utf8');
  }

  private urlOf({ address }: Machine): string {
    return `${this.shape.overTls === undefined ? 'http' : 'https'}://${address}`;
  }

  private async prepare(): Promise<void> {
    await writeFile(this.secretFile, this.secret, { mode: 0o600 });
    const { servers, overTls } = this.shape;
    if (overTls !== undefined) this.tlsFlags = await overTls(this);
    for (const [index, machine] of this.machines.machines.entries()) {
      const bind = ['--bind-address', machine.address, '--secret-file', this.secretFile, '--zk', this.zkUrl];
      if (index >= servers) {
        await this.addAgent(machine, ['agent', ...bind]);
        continue;
      }
      const folder = join(this.folder, `server-${String(index)}`);
      const disk = await this.diskFor(folder);
      const ports = ['--orchestrator-port', String(ORCHESTRATOR_PORT), '--master-port', String(MASTER_PORT)];
      const fast = ['--drain-seconds', '0', '--zk-session-timeout', '4'];
      const key = ['--secrets-key-file', join(this.folder, 'secrets.key')];
      const tls = this.tlsFlags({ role: 'server', machine });
      const words = ['server', ...bind, ...ports, ...fast, ...key, ...tls, '--data-dir', join(folder, 'data')];
      const command = [...this.machines.on(machine), process.execPath, STADION, ...words];
      const url = this.urlOf(machine);
      this.nodes.push({ role: 'server', machine, folder, url, command, disk, process: undefined, output: '' });
    }
  }

  private async ready(): Promise<void> {
    await this.leader();
    await this.registered(this.shape.agents);
  }

  /** Waits until so many agents are active. */
  async registered(count: number, limitMs = 60_000): Promise<void> {
    await waitFor(
      `${String(count)} agents are registered`,
      async () => {
        for (const server of this.servers) {
          const answer = await this.ask('/slaves', server).catch(() => undefined);
          if (answer?.status !== 200) continue;
          return answer.body.slaves.filter((slave: { active: boolean }) => slave.active).length === count;
        }
        return false;
      },
      limitMs,
    );
  }

  private async findLeader(): Promise<Node | undefined> {
    for (const server of this.servers) {
      const answer = await this.ask('/redirect', server).catch(() => undefined);
      const location = answer?.headers.get('location');
      if (typeof location !== 'string') continue;
      const leader = this.servers.find(({ machine }) => location === `//${machine.address}:${String(MASTER_PORT)}`);
      if (leader === undefined) continue;
      const own = await this.call('GET', '/v2/info', undefined, leader).catch(() => undefined);
      const itself = await this.ask('/redirect', leader).catch(() => undefined);
      if (own?.status === 200 && itself?.headers.get('location') === location) return leader;
    }
    return undefined;
  }
}
