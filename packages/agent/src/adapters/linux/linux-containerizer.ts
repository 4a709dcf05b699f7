/**
 * Containers of Linux by an OCI runtime: each task in namespaces and control groups of its own, on the machine's files
 * read-only or on an image, watched by a shell that outlives the agent.
 */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { HeldImage } from '@stadion/contract/images';
import { describeError, type Clock, type Logger, type Timers } from '@stadion/base';
import type { ContainerExit, ContainerUsage, RecoveredContainer } from '../../core/container.ts';
import { CAPABILITIES_DEFAULT, changedResources, memoryLimit } from '../../core/oci/runtime-spec.ts';
import type {
  Containerizer,
  ContainerizerFingerprint,
  ContainerSpec,
  LaunchFailure,
  LaunchOutcome,
  PrepareContext,
  PrepareSpec,
} from '../../ports/containerizer.ts';
import { isSameProcess, readBootId, type ProcessIdentity } from '../process-identity.ts';
import { ContainerDirectories } from '../supervised/container-directory.ts';
import { ProcessTable } from '../supervised/process-table.ts';
import { attachTerminal } from '../supervised/supervised-terminal.ts';
import { SupervisorWatch } from '../supervised/supervisor-watch.ts';
import type { BundleLimits } from './bundle.ts';
import { BundleFiles } from './bundle-files.ts';
import { Cgroups } from './cgroups.ts';
import { Confiner } from './confiner.ts';
import { readDetails, writeDetails, type ContainerDetails } from './container-details.ts';
import { ContainerEnding } from './container-ending.ts';
import { ContainerStarter, type StartedContainer } from './container-starter.ts';
import { findLinuxProblem } from './fingerprint.ts';
import { GpuDevices } from './gpu-devices.ts';
import { HostRoot } from './host-root.ts';
import { startLinuxExec } from './linux-exec.ts';
import { Images } from './images/images.ts';
import { IMAGE_MS_DEFAULT, LIMITS_DEFAULT, type LinuxContainerizerOptions } from './linux-options.ts';
import { ContainerNetworks } from './networks/container-networks.ts';
import { PodMembers } from './pod-members.ts';
import { Runtime, RUNTIME_MS_MAX } from './runtime.ts';
import { readOwnLimits } from './own-limits.ts';
import { SharedProcesses } from './shared-processes.ts';
import { trackContainer, type TrackedContainer } from './tracked-container.ts';
import { UsageMeter } from './usage-meter.ts';
import { findVolumeProblem } from './volumes.ts';
import { joinTime } from '../../joined-time.ts';

/** Makes it. Needs root; where something is missing, its fingerprint says what. */
export function createLinuxContainerizer(options: LinuxContainerizerOptions): Containerizer {
  return new LinuxContainerizer(options);
}

/** What works only where there are control groups. */
interface Machine {
  readonly cgroups: Cgroups;
  readonly ending: ContainerEnding;
  readonly starter: ContainerStarter;
}

class LinuxContainerizer implements Containerizer {
  readonly name = 'linux';
  private readonly time: Clock & Timers;
  private readonly log: Logger;
  private readonly options: LinuxContainerizerOptions;
  private readonly limits: BundleLimits;
  private readonly directories: ContainerDirectories;
  private readonly runtime: Runtime;
  private readonly hostRoot: HostRoot;
  private readonly watch: SupervisorWatch;
  private readonly containers = new Map<string, TrackedContainer>();
  private readonly networks: ContainerNetworks;
  private readonly sharedProcesses: SharedProcesses;
  private readonly imageStore: Images;
  private readonly gpus: GpuDevices;
  private readonly meter: UsageMeter;
  private readonly confiner: Confiner;
  private readonly bundleFiles: BundleFiles;
  private readonly pods: PodMembers;
  private readonly bootId = readBootId();
  private readonly machine: Machine | undefined;
  private onExit: (containerId: string, exit: ContainerExit) => void = () => undefined;
  private closed = false;

  constructor(options: LinuxContainerizerOptions) {
    const { clock, timers, runtimeDirectory, ownName = runtimeDirectory, log } = options;
    this.options = options;
    this.time = joinTime(clock, timers);
    this.log = log;
    const limits = { ...LIMITS_DEFAULT, ...options.limits };
    const ownLimits = readOwnLimits();
    this.limits = { ...limits, filesMax: Math.min(limits.filesMax, ownLimits['NOFILE'] ?? limits.filesMax) };
    this.bundleFiles = new BundleFiles(options.memoryDirectory);
    this.gpus = new GpuDevices(options.gpus ?? { devices: [], shared: [] });
    this.confiner = new Confiner({
      policy: {
        ...this.limits,
        ownLimits,
        capabilities: [...CAPABILITIES_DEFAULT, ...(options.moreCapabilities ?? [])],
      },
      gpus: this.gpus,
      seccompDirectory: options.seccompDirectory,
    });
    this.directories = new ContainerDirectories(join(runtimeDirectory, 'containers'));
    this.runtime = new Runtime(options.runtime ?? 'runc', join(runtimeDirectory, 'runc'));
    this.hostRoot = new HostRoot(join(runtimeDirectory, 'host-root'), options.hiddenDirectories);
    this.watch = new SupervisorWatch(this.time, log, this.directories, (containerId) => this.onGone(containerId));
    this.networks = new ContainerNetworks({
      directory: join(runtimeDirectory, 'networks'),
      ownName: join(ownName, 'networks'),
      log,
      ...(options.networkConfigDirectory === undefined ? {} : { configDirectory: options.networkConfigDirectory }),
    });
    this.sharedProcesses = new SharedProcesses(join(runtimeDirectory, 'processes'), this.time);
    this.pods = new PodMembers(this.networks, this.sharedProcesses);
    this.imageStore = new Images({
      directory: join(runtimeDirectory, 'images'),
      time: this.time,
      log,
      keepMs: options.imageKeepMs ?? IMAGE_MS_DEFAULT,
      layersInUse: () => new Set([...this.containers.values()].flatMap(({ details }) => details?.layers ?? [])),
    });
    this.machine = this.findMachine(ownName);
    this.meter = new UsageMeter({ time: this.time, cgroups: this.machine?.cgroups, containers: this.containers });
  }

  async fingerprint(): Promise<ContainerizerFingerprint> {
    const { machine } = this;
    if (process.platform !== 'linux') return { containerizers: [], problem: 'this system is not Linux' };
    if (machine === undefined) {
      const problem =
        'the control groups cpu, cpuacct, memory, pids and devices (or cgroup2) are not mounted at /sys/fs/cgroup';
      return { containerizers: [], problem };
    }
    const directory = join(this.options.runtimeDirectory, 'trial');
    const problem = await findLinuxProblem({
      ...machine,
      runtime: this.runtime,
      hostRoot: this.hostRoot,
      confiner: this.confiner,
      limits: this.limits,
      directory,
    });
    return problem === undefined ? { containerizers: ['linux'] } : { containerizers: [], problem };
  }

  async recover(onExit: (containerId: string, exit: ContainerExit) => void): Promise<readonly RecoveredContainer[]> {
    this.onExit = onExit;
    await this.directories.open();
    await this.imageStore.open();
    const recovered: RecoveredContainer[] = [];
    for (const containerId of await this.directories.list()) recovered.push(await this.recoverOne(containerId));
    await this.clearOrphans(new Set(recovered.map((container) => container.containerId)));
    return recovered;
  }

  prepare(spec: PrepareSpec, context: PrepareContext): Promise<LaunchFailure | undefined> {
    return this.imageStore.prepare(spec, context);
  }

  readonly images = (): Promise<readonly HeldImage[]> => this.imageStore.list();
  readonly pruneImages = (excluded: readonly string[]): Promise<void> => this.imageStore.prune(excluded);

  async launch(spec: ContainerSpec): Promise<LaunchOutcome> {
    const { containerId } = spec;
    try {
      const problem = await findVolumeProblem(spec);
      if (problem !== undefined) return { ok: false, message: problem };
      await this.directories.create(containerId, undefined);
      const started = await this.machine?.starter.start(spec);
      if (started?.ok === true) return this.adopt(spec, started);
      await this.discard(spec);
      return started ?? { ok: false, message: 'There are no control groups' };
    } catch (error) {
      await this.discard(spec);
      return { ok: false, message: describeError(error) };
    } finally {
      this.imageStore.started(containerId);
    }
  }

  kill(containerId: string, graceMs: number): void {
    const container = this.containers.get(containerId);
    const ending = this.machine?.ending;
    if (container === undefined || ending === undefined) return;
    const killAt = this.time.monotonic() + graceMs;
    const isFirst = container.killAt === undefined;
    if (container.killAt !== undefined && killAt >= container.killAt) return;
    container.killAt = killAt;
    container.killTimer?.cancel();
    container.killTimer = this.time.after(graceMs, () => void ending.force(container));
    if (isFirst) void ending.ask(container);
  }

  readonly update: NonNullable<Containerizer['update']> = async (containerId, limits) => {
    const choices = { ...this.limits, limitsSwap: this.machine?.cgroups.limitsSwap ?? false };
    const container = this.containers.get(containerId);
    if (container === undefined) return;
    await this.runtime.update(containerId, changedResources(limits, choices));
    if (container.details === undefined || limits.memoryBytes <= 0) return;
    container.details = { ...container.details, memoryBytes: memoryLimit(limits.memoryBytes) };
    await writeDetails(this.directories.directory(containerId), container.details);
  };

  usage(): Promise<ReadonlyMap<string, ContainerUsage>> {
    return this.meter.usage();
  }

  writtenDirectories(containerId: string): readonly string[] {
    return this.containers.get(containerId)?.details?.written ?? [];
  }

  readonly exec: NonNullable<Containerizer['exec']> = (containerId, request) =>
    startLinuxExec(this.runtime, this.containers.has(containerId) ? containerId : undefined, request, this.time);

  readonly attach: NonNullable<Containerizer['attach']> = async (containerId) => {
    const container = this.containers.get(containerId);
    if (container === undefined) return { ok: false, message: 'The task does not run' };
    return attachTerminal(this.directories.directory(containerId), container.supervisor.pid, this.time);
  };

  async remove(containerId: string): Promise<void> {
    if (this.containers.has(containerId)) return;
    await this.bundleFiles.remove(containerId);
    await this.directories.remove(containerId).catch((error: unknown) => {
      this.log.warn({ containerId, error: describeError(error) }, 'the record of a container could not be removed');
    });
    await this.pods.leave(containerId, this.pods.podOf(containerId));
    if (this.containers.size === 0) this.machine?.cgroups.removeParents();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.watch.close();
    this.imageStore.close();
    this.machine?.ending.close();
    for (const container of this.containers.values()) container.killTimer?.cancel();
    if (this.containers.size === 0) this.machine?.cgroups.removeParents();
    await this.networks.close();
  }

  // --- Beginnings ----------------------------------------------------------------------------------------------

  private findMachine(ownName: string): Machine | undefined {
    if (process.platform !== 'linux') return undefined;
    const name = createHash('sha256').update(ownName).digest('hex').slice(0, 12);
    const cgroups = Cgroups.find(`/stadion/${name}`);
    if (cgroups === undefined) return undefined;
    const ending = new ContainerEnding({
      time: this.time,
      log: this.log,
      cgroups,
      runtime: this.runtime,
      directories: this.directories,
      leaveNetworks: (containerId) => this.networks.leave(containerId),
    });
    const starter = new ContainerStarter({
      timers: this.time,
      directories: this.directories,
      runtime: this.runtime,
      hostRoot: this.hostRoot,
      networks: this.networks,
      sharedProcesses: this.sharedProcesses,
      cgroups,
      confiner: this.confiner,
      bundleFiles: this.bundleFiles,
      limits: this.limits,
      imageOf: (spec) => this.imageStore.find(spec),
      layersDirectory: this.imageStore.layersDirectory,
      writeDown: (...record) => this.writeDown(...record),
    });
    return { cgroups, ending, starter };
  }

  private adopt({ containerId }: ContainerSpec, started: StartedContainer): LaunchOutcome {
    const { details, gone, supervisor, init } = started;
    this.containers.set(containerId, trackContainer(containerId, supervisor, details, init));
    this.pods.join(containerId, details.podId);
    void gone.then(() => this.onGone(containerId));
    const { addresses } = details;
    return { ok: true, pid: init, ...(addresses === undefined ? {} : { addresses }) };
  }

  private async writeDown(containerId: string, supervisor: ProcessIdentity, details: ContainerDetails): Promise<void> {
    try {
      const bootId = this.bootId === undefined ? {} : { bootId: this.bootId };
      await Promise.all([
        writeDetails(this.directories.directory(containerId), details),
        this.directories.write(containerId, { supervisor, ...bootId }),
      ]);
    } catch (error) {
      // The marker in its environment finds the supervisor again.
      this.log.warn({ containerId, error: describeError(error) }, 'the record of a container could not be written');
    }
  }

  private async discard({ containerId, pod }: ContainerSpec): Promise<void> {
    await this.machine?.ending.finish(trackContainer(containerId, { pid: 0 }, undefined, undefined));
    this.gpus.giveBack(containerId);
    await this.bundleFiles.remove(containerId);
    await this.directories.remove(containerId).catch(() => undefined);
    await this.pods.leave(containerId, pod?.podId);
  }

  // --- Ends ----------------------------------------------------------------------------------------------------

  private onGone(containerId: string): void {
    const container = this.containers.get(containerId);
    if (container === undefined || container.ended || this.closed) return;
    container.ended = true;
    void this.tellEnd(container);
  }

  private async tellEnd(container: TrackedContainer): Promise<void> {
    const { containerId } = container;
    this.watch.delete(containerId);
    const exit = await this.machine?.ending.finish(container);
    container.killTimer?.cancel();
    // Let go meanwhile: the next agent finds the same.
    if (exit === undefined || this.isClosed()) return;
    this.containers.delete(containerId);
    this.gpus.giveBack(containerId);
    this.onExit(containerId, exit);
  }

  // --- Recovery ------------------------------------------------------------------------------------------------

  private async recoverOne(containerId: string): Promise<RecoveredContainer> {
    const directory = this.directories.directory(containerId);
    const record = await this.directories.read(containerId);
    const details = await readDetails(directory);
    this.pods.join(containerId, details?.podId);
    const supervisor = record?.supervisor ?? (await this.findSupervisor(containerId)) ?? { pid: 0 };
    const isOfThisBoot = record?.bootId === undefined || record.bootId === this.bootId;
    const isOver = () => !isOfThisBoot || !isSameProcess(supervisor);
    // The agent may have died while the runtime was at work.
    const init = await this.machine?.starter.waitForStart(directory, isOver, RUNTIME_MS_MAX);
    const container = trackContainer(containerId, supervisor, details, init);
    if (isOver() || (await this.directories.readExit(containerId)) !== undefined) {
      const exit = await this.recoverEnded(container);
      const message = 'The host was restarted while the task ran; its exit status is not known';
      if (exit.kind !== 'unknown' || isOfThisBoot) return { containerId, state: 'exited', exit };
      return { containerId, state: 'exited', exit: { kind: 'unknown', message } };
    }
    this.containers.set(containerId, container);
    this.gpus.restore(containerId, details?.devices ?? []);
    this.watch.add(containerId, supervisor);
    const addresses = details?.addresses === undefined ? {} : { addresses: details.addresses };
    return { containerId, state: 'running', pid: init, ...addresses };
  }

  private async recoverEnded(container: TrackedContainer): Promise<ContainerExit> {
    container.ended = true;
    const exit = await this.machine?.ending.finish(container);
    return exit ?? { kind: 'unknown', message: 'It was let go' };
  }

  /** The agent died between the start of a supervisor and writing that down: the marker tells. */
  private async findSupervisor(containerId: string): Promise<ProcessIdentity | undefined> {
    const groups = await new ProcessTable(this.time).group(new Map());
    const leaders = (groups.get(containerId) ?? []).filter((each) => each.pid === each.session);
    const [first] = leaders.sort((one, other) => Number(one.startTime) - Number(other.startTime));
    return first === undefined ? undefined : { pid: first.pid, startTime: first.startTime };
  }

  /** What of ours has no directory: an agent died while it cleared away. */
  private async clearOrphans(known: ReadonlySet<string>): Promise<void> {
    await this.bundleFiles.keepOnly(known);
    for (const containerId of this.machine?.cgroups.list() ?? []) {
      if (!known.has(containerId)) {
        await this.machine?.ending.finish(trackContainer(containerId, { pid: 0 }, undefined, undefined));
      }
    }
    await this.pods.clearOrphans(known);
    await mkdir(this.runtime.stateDirectory, { recursive: true, mode: 0o700 });
  }

  private isClosed(): boolean {
    return this.closed;
  }
}
