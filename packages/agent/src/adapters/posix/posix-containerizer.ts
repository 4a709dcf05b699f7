/** Plain processes: one supervised session per task, its whole tree found and ended, its exit status never lost. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { delay, describeError, type Clock, type Logger, type TimerHandle, type Timers } from '@stadion/base';
import {
  NEVER_STARTED,
  type ContainerExit,
  type ContainerUsage,
  type RecoveredContainer,
} from '../../core/container.ts';
import type {
  AttachOutcome,
  Containerizer,
  ContainerizerFingerprint,
  ContainerSpec,
  ExecOutcome,
  ExecRequest,
  LaunchOutcome,
} from '../../ports/containerizer.ts';
import { identifyChild, isSameProcess, readBootId, type ProcessIdentity } from '../process-identity.ts';
import { resolveTaskUser } from '../system-users.ts';
import { ContainerDirectories } from '../supervised/container-directory.ts';
import { attachTerminal, hasTerminal } from '../supervised/supervised-terminal.ts';
import { SupervisorWatch } from '../supervised/supervisor-watch.ts';
import { isCopyOf, ProcessTable, type ProcessStat } from '../supervised/process-table.ts';
import { signal, signalAll, signalGroup } from '../supervised/signals.ts';
import { linkMounts } from './link-mounts.ts';
import { startPosixExec } from './posix-exec.ts';
import { startSupervisor } from './start-supervisor.ts';
import { joinTime } from '../../joined-time.ts';

/** Options of {@link createPosixContainerizer}. */
export interface PosixContainerizerOptions {
  /** Where it keeps what it knows of its containers; on the local disk, the agent's own. */
  readonly runtimeDirectory: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
}

/** What the main process left behind gets SIGTERM, and SIGKILL after this. */
const LEFTOVER_GRACE_MS = 1000;
const SWEEP_POLL_MS = 50;
/** SIGKILL is repeated so often, while new processes appear, before the container is given up with a warning. */
const SWEEPS_MAX = 200;
/** After so many rounds of SIGKILL the supervisor itself is ended. */
const SUPERVISOR_ROUNDS = 20;
/** The supervisor needs a moment to start its command; a SIGTERM that finds nobody is repeated. */
const FIRST_SIGNAL_ROUNDS = 50;
const USAGE_MS_MAX = 500;
/** Clock ticks a second in /proc: fixed at 100 on Linux for user space. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES_DEFAULT = 4096;

interface Container {
  readonly containerId: string;
  readonly supervisor: ProcessIdentity;
  ended: boolean;
  /** Monotonic time of SIGKILL, once somebody asked for the end. */
  killAt: number | undefined;
  killTimer: TimerHandle | undefined;
}

/** Makes a containerizer of plain processes. Works as root and as an ordinary user; without /proc, by process groups. */
export function createPosixContainerizer(options: PosixContainerizerOptions): Containerizer {
  return new PosixContainerizer(options);
}

class PosixContainerizer implements Containerizer {
  readonly name = 'posix';
  private readonly time: Clock & Timers;
  private readonly log: Logger;
  private readonly directories: ContainerDirectories;
  private readonly table: ProcessTable;
  private readonly hasProc = ProcessTable.works();
  private readonly bootId = readBootId();
  private readonly containers = new Map<string, Container>();
  private onExit: (containerId: string, exit: ContainerExit) => void = () => undefined;
  private readonly watch: SupervisorWatch;
  private closed = false;
  private pageBytes = PAGE_BYTES_DEFAULT;
  private scanRunning: Promise<unknown> = Promise.resolve();
  private scanNext: Promise<ReadonlyMap<string, readonly ProcessStat[]>> | undefined;
  private usageCache: { readonly at: number; readonly usage: Promise<ReadonlyMap<string, ContainerUsage>> } | undefined;

  constructor(options: PosixContainerizerOptions) {
    const { clock, timers } = options;
    this.time = joinTime(clock, timers);
    this.log = options.log;
    this.directories = new ContainerDirectories(options.runtimeDirectory);
    this.table = new ProcessTable(timers);
    this.watch = new SupervisorWatch(this.time, this.log, this.directories, (containerId) => {
      const container = this.containers.get(containerId);
      if (container !== undefined) void this.onSupervisorGone(container);
    });
  }

  async fingerprint(): Promise<ContainerizerFingerprint> {
    if (process.platform === 'win32') {
      return { containerizers: [], problem: 'this system has no POSIX processes' };
    }
    const pageSize = await promisify(execFile)('getconf', ['PAGESIZE']).then(
      ({ stdout }) => Number(stdout),
      () => Number.NaN,
    );
    if (Number.isInteger(pageSize) && pageSize > 0) this.pageBytes = pageSize;
    return { containerizers: ['posix'] };
  }

  async recover(onExit: (containerId: string, exit: ContainerExit) => void): Promise<readonly RecoveredContainer[]> {
    this.onExit = onExit;
    await this.directories.open();
    const recovered: RecoveredContainer[] = [];
    for (const containerId of await this.directories.list()) {
      const container = await this.recoverOne(containerId);
      if (container !== undefined) recovered.push(container);
    }
    return recovered;
  }

  async launch(spec: ContainerSpec): Promise<LaunchOutcome> {
    const { containerId } = spec;
    try {
      const user = await resolveTaskUser(spec.user);
      const unlinked = await linkMounts(spec);
      if (unlinked !== undefined) return { ok: false, message: unlinked };
      await this.directories.create(containerId, user);
      const started = await startSupervisor(spec, this.directories.exitDirectory(containerId), user);
      if (!started.ok) {
        await this.directories.remove(containerId);
        return started;
      }
      const supervisor = identifyChild(started.pid);
      const container = this.adopt(containerId, supervisor);
      // Registered in the same turn as the start, so that the exit of a short command is not missed; told afterwards.
      const gone = new Promise<void>((resolve) => {
        started.child.once('exit', () => resolve());
      });
      await this.directories
        .write(containerId, { supervisor, ...(this.bootId === undefined ? {} : { bootId: this.bootId }) })
        .catch((error: unknown) => {
          // The marker in its environment finds the process again.
          this.log.warn({ containerId, error: describeError(error) }, 'the record of a container could not be written');
        });
      void gone.then(() => this.onSupervisorGone(container));
      return { ok: true, pid: started.pid };
    } catch (error) {
      await this.directories.remove(containerId).catch(() => undefined);
      return { ok: false, message: describeError(error) };
    }
  }

  kill(containerId: string, graceMs: number): void {
    const container = this.containers.get(containerId);
    if (container === undefined) return;
    const killAt = this.time.monotonic() + graceMs;
    const isFirst = container.killAt === undefined;
    if (container.killAt !== undefined && killAt >= container.killAt) return;
    container.killAt = killAt;
    // What the main process left behind is being ended already; it looks at `killAt`.
    if (container.ended) return;
    container.killTimer?.cancel();
    container.killTimer = this.time.after(graceMs, () => void this.killHard(container));
    if (isFirst) void this.terminate(container);
  }

  async exec(containerId: string, request: ExecRequest): Promise<ExecOutcome> {
    const container = this.containers.get(containerId);
    if (container === undefined || container.ended) return { ok: false, message: 'The task does not run' };
    return startPosixExec(containerId, request, this.time);
  }

  async attach(containerId: string): Promise<AttachOutcome> {
    const container = this.containers.get(containerId);
    if (container === undefined || container.ended) return { ok: false, message: 'The task does not run' };
    return attachTerminal(this.directories.directory(containerId), container.supervisor.pid, this.time);
  }

  usage(): Promise<ReadonlyMap<string, ContainerUsage>> {
    const now = this.time.monotonic();
    if (this.usageCache === undefined || now - this.usageCache.at >= USAGE_MS_MAX) {
      this.usageCache = { at: now, usage: this.measure() };
    }
    return this.usageCache.usage;
  }

  async remove(containerId: string): Promise<void> {
    if (this.containers.has(containerId)) return;
    await this.directories.remove(containerId).catch((error: unknown) => {
      this.log.warn({ containerId, error: describeError(error) }, 'the record of a container could not be removed');
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    this.watch.close();
    for (const container of this.containers.values()) container.killTimer?.cancel();
  }

  // --- Exits ---------------------------------------------------------------------------------------------------

  private adopt(containerId: string, supervisor: ProcessIdentity): Container {
    const container: Container = {
      containerId,
      supervisor,
      ended: false,
      killAt: undefined,
      killTimer: undefined,
    };
    this.containers.set(containerId, container);
    return container;
  }

  private async onSupervisorGone(container: Container): Promise<void> {
    if (this.closed || container.ended) return;
    container.ended = true;
    container.killTimer?.cancel();
    this.watch.delete(container.containerId);
    const exit = (await this.directories.readExit(container.containerId)) ?? supervisorKilled(container.supervisor);
    await this.sweep(container);
    // Let go meanwhile: the next agent finds the same.
    if (this.stopped()) return;
    this.containers.delete(container.containerId);
    this.onExit(container.containerId, exit);
  }

  /** Ends what is left of the tree: SIGTERM unless a kill sent it already, SIGKILL when the grace is over. */
  private async sweep(container: Container): Promise<void> {
    if (!this.hasProc) {
      signalGroup(container.supervisor.pid, 'SIGKILL');
      return;
    }
    for (let round = 0; round < SWEEPS_MAX || this.isInGrace(container); round += 1) {
      const left = await this.treeOf(container);
      if (left.length === 0 || this.stopped()) return;
      if (container.killAt === undefined) {
        container.killAt = this.time.monotonic() + LEFTOVER_GRACE_MS;
        signalAll(left, 'SIGTERM');
      } else if (!this.isInGrace(container)) {
        signalAll(left, 'SIGKILL');
      }
      await delay(this.time, SWEEP_POLL_MS);
    }
    this.log.error({ containerId: container.containerId }, 'processes of an ended container cannot be ended');
  }

  private isInGrace(container: Container): boolean {
    return container.killAt !== undefined && this.time.monotonic() < container.killAt;
  }

  // --- Kills ---------------------------------------------------------------------------------------------------

  private async terminate(container: Container): Promise<void> {
    if (!this.hasProc) {
      signalGroup(container.supervisor.pid, 'SIGTERM');
      return;
    }
    for (let round = 0; round < FIRST_SIGNAL_ROUNDS; round += 1) {
      const tree = await this.treeOf(container);
      if (container.ended || this.stopped()) return;
      const processes = tree.filter((each) => !this.isOfSupervisor(container, each));
      signalAll(processes, 'SIGTERM');
      if (processes.length > 0) return;
      await delay(this.time, SWEEP_POLL_MS);
    }
  }

  /**
   * What holds the terminal would end the command at once, and with it the time to end well. A child that is not the command
   * yet is still the shell, whose traps make nothing of a signal.
   */
  private isOfSupervisor({ containerId, supervisor }: Container, { pid, parent }: ProcessStat): boolean {
    if (parent !== supervisor.pid) return false;
    return hasTerminal(this.directories.directory(containerId)) || isCopyOf(pid, supervisor.pid);
  }

  private async killHard(container: Container): Promise<void> {
    if (!this.hasProc) {
      signalGroup(container.supervisor.pid, 'SIGKILL');
      return;
    }
    for (let round = 0; round < SWEEPS_MAX; round += 1) {
      const processes = await this.treeOf(container);
      if (container.ended || this.stopped()) return;
      signalAll(processes, 'SIGKILL');
      if (round >= SUPERVISOR_ROUNDS && isSameProcess(container.supervisor)) {
        signal(container.supervisor.pid, 'SIGKILL');
      }
      await delay(this.time, SWEEP_POLL_MS);
    }
    this.log.error({ containerId: container.containerId }, 'processes of a container cannot be killed');
  }

  /** Its processes without the supervisor, which is to live until it has written the exit status. */
  private async treeOf(container: Container): Promise<readonly ProcessStat[]> {
    const groups = await this.scan();
    const { supervisor } = container;
    return (groups.get(container.containerId) ?? []).filter((each) => each.pid !== supervisor.pid);
  }

  // --- Looking at /proc ----------------------------------------------------------------------------------------

  /** A look at all processes that begins after this call; those who ask at the same time share it. */
  private scan(): Promise<ReadonlyMap<string, readonly ProcessStat[]>> {
    this.scanNext ??= this.scanRunning.then(() => {
      const scan = this.table.group(
        new Map([...this.containers.values()].map((each) => [each.containerId, each.supervisor])),
      );
      this.scanNext = undefined;
      this.scanRunning = scan.catch(() => undefined);
      return scan;
    });
    return this.scanNext;
  }

  private async measure(): Promise<ReadonlyMap<string, ContainerUsage>> {
    const usage = new Map<string, ContainerUsage>();
    if (!this.hasProc) return usage;
    for (const [containerId, processes] of await this.scan()) {
      if (!this.containers.has(containerId)) continue;
      const sum = (pick: (stat: ProcessStat) => number): number =>
        processes.reduce((total, each) => total + pick(each), 0);
      usage.set(containerId, {
        processes: processes.length,
        threads: sum((each) => each.threads),
        cpuUserSeconds: sum((each) => each.userTicks) / TICKS_PER_SECOND,
        cpuSystemSeconds: sum((each) => each.systemTicks) / TICKS_PER_SECOND,
        memoryRssBytes: sum((each) => each.rssPages) * this.pageBytes,
      });
    }
    return usage;
  }

  // --- Recovery ------------------------------------------------------------------------------------------------

  private async recoverOne(containerId: string): Promise<RecoveredContainer | undefined> {
    const record = await this.directories.read(containerId);
    const supervisor = record?.supervisor ?? (await this.findSupervisor(containerId));
    if (supervisor === undefined) {
      const exit = await this.directories.readExit(containerId);
      return { containerId, state: 'exited', exit: exit ?? NEVER_STARTED };
    }
    if (record?.bootId !== undefined && record.bootId !== this.bootId) {
      const exit = await this.directories.readExit(containerId);
      const message = 'The host was restarted while the task ran; its exit status is not known';
      return { containerId, state: 'exited', exit: exit ?? { kind: 'unknown', message } };
    }
    const container = this.adopt(containerId, supervisor);
    const isOver = (await this.directories.readExit(containerId)) !== undefined || !isSameProcess(supervisor);
    if (!isOver) {
      this.watch.add(containerId, supervisor);
      return { containerId, state: 'running', pid: supervisor.pid };
    }
    const left = this.hasProc ? await this.treeOf(container) : [];
    if (left.length > 0) {
      // Over only when its last process is: told by onExit.
      this.time.after(0, () => void this.onSupervisorGone(container));
      return { containerId, state: 'running', pid: supervisor.pid };
    }
    this.containers.delete(containerId);
    const exit = (await this.directories.readExit(containerId)) ?? supervisorKilled(supervisor);
    return { containerId, state: 'exited', exit };
  }

  /** The agent died between the start of a process and writing that down: the marker tells. */
  private async findSupervisor(containerId: string): Promise<ProcessIdentity | undefined> {
    if (!this.hasProc) return undefined;
    // The first of them: a daemon or a COMMAND check of the task leads a session of its own, too.
    const group = [...((await this.scan()).get(containerId) ?? [])].sort(byStart);
    const leader = group.find((each) => each.pid === each.session) ?? group[0];
    return leader === undefined
      ? undefined
      : { pid: leader.session, ...(leader.pid === leader.session ? { startTime: leader.startTime } : {}) };
  }

  private stopped(): boolean {
    return this.closed;
  }
}

function supervisorKilled(supervisor: ProcessIdentity): ContainerExit {
  return {
    kind: 'unknown',
    message: `The supervisor of the task (pid ${supervisor.pid}) was killed, so the exit status is not known`,
  };
}

function byStart(left: ProcessStat, right: ProcessStat): number {
  return Number(left.startTime) - Number(right.startTime);
}
