/** Containers of a Docker daemon: theirs to run, ours to remember, to end and to tell how they ended. */
import {
  assert,
  delay,
  describeError,
  type Clock,
  type Logger,
  type Random,
  type TimerHandle,
  type Timers,
} from '@stadion/base';
import type Docker from 'dockerode';
import type { ContainerInspectInfo } from 'dockerode';
import { ConcurrencyLimit } from '../../concurrency-limit.ts';
import type { ContainerExit, ContainerUsage, RecoveredContainer } from '../../core/container.ts';
import type {
  Containerizer,
  ContainerizerFingerprint,
  ContainerSpec,
  LaunchFailure,
  LaunchOutcome,
  PrepareContext,
  PrepareSpec,
} from '../../ports/containerizer.ts';
import { CONTAINER_LABEL, describeDocker, OWNER_LABEL } from './container-options.ts';
import { ContainerRecords, type ContainerRecord } from './container-records.ts';
import { connectDocker, openDocker } from './docker-client.ts';
import { attachInput } from './docker-attach.ts';
import { startExec } from './docker-exec.ts';
import { launchContainer, updateContainer } from './docker-launch.ts';
import { measureAll } from './docker-usage.ts';
import { EventWatch } from './event-watch.ts';
import { isDaemonAway, statusOf } from './failures.ts';
import { listHeldImages } from './held-images.ts';
import { ImagePuller } from './image-puller.ts';
import { LogCopier } from './log-copier.ts';
import { findCredentials } from '../registry-credentials.ts';
import {
  exitOf,
  factsOf,
  GONE,
  NOWHERE,
  stopSignalOf,
  track,
  wantsTerminal,
  writtenBy,
  type Tracked,
} from './tracked.ts';
import { joinTime } from '../../joined-time.ts';

/** Options of {@link createDockerContainerizer}. */
export interface DockerContainerizerOptions {
  /** As in DOCKER_HOST. The daemon has to run on this machine: sandboxes are mounted from it. */
  readonly host: string;
  /** Where it keeps what it knows of its containers; on the local disk, the agent's own. */
  readonly runtimeDirectory: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Logger;
}

const SIGNAL_RETRY_MS = 500;
/** How long the last output of an ended container is waited for before its end is told. */
const LAST_OUTPUT_MS_MAX = 15_000;
const USAGE_MS_MAX = 500;
/** Requests about containers that are under way at a time, besides launches. */
const REQUESTS_MAX = 16;

/** Makes a containerizer of Docker containers. */
export function createDockerContainerizer(options: DockerContainerizerOptions): Containerizer {
  return new DockerContainerizer(options);
}

class DockerContainerizer implements Containerizer {
  readonly name = 'docker';
  private readonly options: DockerContainerizerOptions;
  private readonly time: Clock & Timers;
  private readonly log: Logger;
  private readonly records: ContainerRecords;
  private readonly containers = new Map<string, Tracked>();
  private readonly requests = new ConcurrencyLimit(REQUESTS_MAX);
  private client: Docker | undefined;
  private puller: ImagePuller | undefined;
  private watch: EventWatch | undefined;
  private architecture = '';
  private owner = '';
  private hasInit = true;
  private onExit: (containerId: string, exit: ContainerExit) => void = () => undefined;
  private closed = false;
  private usageCache: { readonly at: number; readonly usage: Promise<ReadonlyMap<string, ContainerUsage>> } | undefined;

  constructor(options: DockerContainerizerOptions) {
    this.options = options;
    const { clock, timers } = options;
    this.time = joinTime(clock, timers);
    this.log = options.log;
    this.records = new ContainerRecords(options.runtimeDirectory);
  }

  async fingerprint(): Promise<ContainerizerFingerprint> {
    const connected = await connectDocker(this.options.host);
    this.client ??= connected.docker;
    if (connected.ok) {
      this.architecture = connected.architecture;
      return { containerizers: ['docker'] };
    }
    // Containers of ours are its business even while the daemon is away: it may come back with them running.
    const isNeeded = (await this.records.load()).size > 0;
    return { containerizers: isNeeded ? ['docker'] : [], problem: connected.problem };
  }

  async recover(onExit: (containerId: string, exit: ContainerExit) => void): Promise<readonly RecoveredContainer[]> {
    this.onExit = onExit;
    this.owner = await this.records.open(this.options.random);
    this.client ??= await openDocker(this.options.host);
    this.puller = new ImagePuller(this.client, this.time, this.log);
    const recovered = await this.find(await this.records.load());
    this.watch = new EventWatch({ docker: this.client, timers: this.time, log: this.log }, this.owner, {
      onConnected: () => this.lookAround(),
      onDied: (dockerId) => {
        for (const tracked of this.containers.values()) if (tracked.dockerId === dockerId) void this.onDied(tracked);
      },
    });
    this.watch.start();
    return recovered;
  }

  async prepare(spec: PrepareSpec, context: PrepareContext): Promise<LaunchFailure | undefined> {
    const docker = describeDocker(spec.container);
    if (docker === undefined || this.puller === undefined) return undefined;
    const { image, forcePull: force } = docker;
    return this.puller.bring({ image, force, credentials: () => findCredentials(image, spec.directory) }, context);
  }

  readonly images = () => listHeldImages(this.client);

  async launch(spec: ContainerSpec): Promise<LaunchOutcome> {
    const { containerId, limits } = spec;
    const record: ContainerRecord = { directory: spec.directory, terminal: wantsTerminal(spec) };
    const tracked = track(containerId, record, 'launching');
    tracked.limitBytes = limits === undefined || limits.memoryBytes === 0 ? undefined : limits.memoryBytes;
    try {
      await this.records.write(containerId, record);
    } catch (error) {
      return { ok: false, message: `The record of the container could not be written: ${describeError(error)}` };
    }
    this.containers.set(containerId, tracked);
    const launched = await this.start(spec, tracked);
    if (!launched.ok) {
      this.containers.delete(containerId);
      await this.records.remove(containerId);
      return launched;
    }
    const { info } = launched;
    this.follow(tracked, info);
    tracked.phase = 'running';
    // Told after the launch has been.
    if (tracked.diedEarly || !info.State.Running) this.time.after(0, () => void this.onDied(tracked));
    return { ok: true, ...factsOf(info) };
  }

  kill(containerId: string, graceMs: number): void {
    const tracked = this.containers.get(containerId);
    if (tracked === undefined) return;
    const killAt = this.time.monotonic() + graceMs;
    const isFirst = tracked.killAt === undefined;
    if (tracked.killAt !== undefined && killAt >= tracked.killAt) return;
    tracked.killAt = killAt;
    tracked.killTimer?.cancel();
    tracked.killTimer = this.time.after(graceMs, () => void this.signal(tracked, 'SIGKILL'));
    if (isFirst && graceMs > 0) void this.signal(tracked, tracked.stopSignal);
  }

  usage(): Promise<ReadonlyMap<string, ContainerUsage>> {
    const now = this.time.monotonic();
    if (this.usageCache === undefined || now - this.usageCache.at >= USAGE_MS_MAX) {
      this.usageCache = { at: now, usage: measureAll(this.docker, this.containers.values(), this.requests, this.log) };
    }
    return this.usageCache.usage;
  }

  readonly exec: NonNullable<Containerizer['exec']> = (containerId, request) =>
    startExec(this.docker, this.time, this.containers.get(containerId)?.dockerId, request);

  writtenDirectories(containerId: string): readonly string[] {
    return this.containers.get(containerId)?.written ?? [];
  }

  readonly attach: NonNullable<Containerizer['attach']> = (containerId) =>
    attachInput(this.docker, this.containers.get(containerId)?.dockerId);

  readonly update: NonNullable<Containerizer['update']> = (containerId, limits) =>
    updateContainer(this.client, this.containers.get(containerId), limits);

  async remove(containerId: string): Promise<void> {
    if (this.containers.has(containerId)) return;
    try {
      // Anonymous volumes go with it.
      for (const { Id } of await this.list(`${CONTAINER_LABEL}=${containerId}`)) {
        await this.docker.getContainer(Id).remove({ force: true, v: true });
      }
      await this.records.remove(containerId);
    } catch (error) {
      if (statusOf(error) === 404) await this.records.remove(containerId);
      else this.log.warn({ containerId, error: describeError(error) }, 'a container could not be removed');
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    this.watch?.stop();
    for (const { killTimer, logs } of this.containers.values()) {
      killTimer?.cancel();
      logs?.stop();
    }
    const copies = [...this.containers.values()].flatMap(({ logs }) => (logs === undefined ? [] : [logs.finished]));
    await Promise.all(copies);
  }

  // --- Beginnings ----------------------------------------------------------------------------------------------

  private get docker(): Docker {
    assert(this.client !== undefined, 'the docker containerizer is used before it was started');
    return this.client;
  }

  private async start(spec: ContainerSpec, tracked: Tracked): Promise<Awaited<ReturnType<typeof launchContainer>>> {
    const launched = await launchContainer(spec, {
      docker: this.docker,
      owner: this.owner,
      architecture: this.architecture,
      hasInit: this.hasInit,
      onCreated: async (dockerId) => {
        tracked.dockerId = dockerId;
      },
    });
    if (launched.ok || launched.lacksInit !== true) return launched;
    this.log.warn({}, 'the Docker daemon has no init program: containers run without one');
    this.hasInit = false;
    return this.start(spec, tracked);
  }

  /** Everything of ours: what runs, what ended, and what is only remembered. */
  private async find(records: ReadonlyMap<string, ContainerRecord>): Promise<RecoveredContainer[]> {
    const recovered: RecoveredContainer[] = [];
    const left = new Map(records);
    try {
      const found = await this.list();
      await Promise.all(
        found.map(({ Id, Labels }) =>
          this.requests.run(async () => {
            const containerId = Labels[CONTAINER_LABEL] ?? '';
            const record = left.get(containerId);
            left.delete(containerId);
            recovered.push(await this.recoverOne(containerId, Id, record));
          }),
        ),
      );
    } catch (error) {
      if (!isDaemonAway(error)) throw error;
      this.log.warn({ error: describeError(error) }, 'the Docker daemon is away: its containers are taken to run on');
      for (const [containerId, record] of records) {
        this.containers.set(containerId, track(containerId, record, 'running'));
      }
      return [...records.keys()].map((containerId) => ({ containerId, state: 'running', pid: undefined }));
    }
    for (const containerId of left.keys()) recovered.push({ containerId, state: 'exited', exit: GONE });
    return recovered;
  }

  private async recoverOne(
    containerId: string,
    dockerId: string,
    record: ContainerRecord | undefined,
  ): Promise<RecoveredContainer> {
    const info = await this.docker.getContainer(dockerId).inspect();
    if (info.State.Status === 'created') return { containerId, state: 'exited', exit: exitOf(info) };
    if (record === undefined) {
      // Nobody knows where its output would go.
      if (info.State.Running) this.containers.set(containerId, { ...track(containerId, NOWHERE, 'running'), dockerId });
      else return { containerId, state: 'exited', exit: exitOf(info) };
      return { containerId, state: 'running', ...factsOf(info) };
    }
    const tracked = track(containerId, record, 'running');
    tracked.dockerId = dockerId;
    this.containers.set(containerId, tracked);
    this.follow(tracked, info);
    if (info.State.Running) return { containerId, state: 'running', ...factsOf(info) };
    await this.lastOutput(tracked);
    this.containers.delete(containerId);
    return { containerId, state: 'exited', exit: exitOf(info) };
  }

  private list(label = `${OWNER_LABEL}=${this.owner}`): Promise<Docker.ContainerInfo[]> {
    return this.docker.listContainers({ all: true, filters: { label: [`${OWNER_LABEL}=${this.owner}`, label] } });
  }

  private follow(tracked: Tracked, info: ContainerInspectInfo): void {
    tracked.dockerId = info.Id;
    tracked.stopSignal = stopSignalOf(info);
    tracked.written = writtenBy(info);
    tracked.limitBytes = (info.HostConfig.Memory ?? 0) > 0 ? info.HostConfig.Memory : undefined;
    if (tracked.record === NOWHERE) return;
    tracked.logs ??= new LogCopier(this.docker, this.time, this.log, {
      dockerId: info.Id,
      positionPath: this.records.positionPath(tracked.containerId),
      ...tracked.record,
    });
  }

  // --- Ends ----------------------------------------------------------------------------------------------------

  /** After the daemon came back, or events may have been missed. */
  private async lookAround(): Promise<void> {
    const found = new Map((await this.list()).map((each) => [each.Labels[CONTAINER_LABEL] ?? '', each]));
    for (const tracked of [...this.containers.values()]) {
      if (tracked.phase !== 'running') continue;
      const info = found.get(tracked.containerId);
      tracked.dockerId ??= info?.Id;
      if (info === undefined || info.State === 'exited' || info.State === 'dead') void this.onDied(tracked);
      else if (tracked.logs === undefined && tracked.record !== NOWHERE) {
        this.follow(tracked, await this.docker.getContainer(info.Id).inspect());
      }
    }
  }

  private async onDied(tracked: Tracked): Promise<void> {
    if (this.closed) return;
    if (tracked.phase === 'launching') tracked.diedEarly = true;
    if (tracked.phase !== 'running') return;
    tracked.phase = 'ending';
    let exit: ContainerExit;
    try {
      const info = await this.docker.getContainer(tracked.dockerId ?? '').inspect();
      if (info.State.Running) {
        tracked.phase = 'running';
        return;
      }
      this.follow(tracked, info);
      exit = exitOf(info);
    } catch (error) {
      if (statusOf(error) !== 404) {
        // Found again by looking around once the daemon is back.
        tracked.phase = 'running';
        return;
      }
      exit = GONE;
    }
    await this.lastOutput(tracked);
    // Let go meanwhile: the next agent finds the same.
    if (this.isClosed()) return;
    tracked.killTimer?.cancel();
    this.containers.delete(tracked.containerId);
    this.onExit(tracked.containerId, exit);
  }

  private async lastOutput({ containerId, logs }: Tracked): Promise<void> {
    if (logs === undefined) return;
    logs.onContainerEnded();
    let timer: TimerHandle | undefined;
    const late = new Promise<string>((resolve) => {
      timer = this.time.after(LAST_OUTPUT_MS_MAX, () => resolve('late'));
    });
    if ((await Promise.race([logs.finished, late])) === 'late') {
      this.log.warn({ containerId }, 'the last output of a container does not come; it is given up');
      logs.stop();
    }
    timer?.cancel();
  }

  /** Sends a signal, again while the daemon is away: the container runs on without it. */
  private async signal(tracked: Tracked, signal: string): Promise<void> {
    while (!this.closed && this.containers.get(tracked.containerId) === tracked) {
      try {
        if (tracked.dockerId !== undefined) {
          await this.docker.getContainer(tracked.dockerId).kill({ signal });
          return;
        }
      } catch (error) {
        const status = statusOf(error);
        // Not there, or not running: its end is being told.
        if (status === 404 || status === 409) return;
        this.log.warn({ containerId: tracked.containerId, error: describeError(error) }, 'a signal was not delivered');
      }
      await delay(this.time, SIGNAL_RETRY_MS);
    }
  }

  private isClosed(): boolean {
    return this.closed;
  }
}
