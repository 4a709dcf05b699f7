/** How containers end: asked, then forced, then nothing of them left, and what is to be told of it. */
import { constants } from 'node:os';
import { delay, describeError, type Clock, type Logger, type Timers } from '@stadion/base';
import { NEVER_STARTED, type ContainerExit } from '../../core/container.ts';
import { isSameProcess } from '../process-identity.ts';
import type { ContainerDirectories } from '../supervised/container-directory.ts';
import { signal } from '../supervised/signals.ts';
import type { Cgroups } from './cgroups.ts';
import { isShell, parentOf } from './process-facts.ts';
import type { Runtime } from './runtime.ts';
import { findStartFailure } from './start-failure.ts';
import type { TrackedContainer } from './tracked-container.ts';

const SWEEP_POLL_MS = 20;
/** SIGKILL is repeated so often before a container is given up with an error in the log. */
const SWEEPS_MAX = 500;
/** After so many rounds of SIGKILL the supervisor itself is ended. */
const SUPERVISOR_ROUNDS = 50;
/** A command needs a moment to be there; a signal that finds only the init is repeated. */
const FIRST_SIGNAL_ROUNDS = 100;
const MEBIBYTE = 1024 * 1024;

/** What ending needs. */
export interface EndingParts {
  readonly time: Clock & Timers;
  readonly log: Logger;
  readonly cgroups: Cgroups;
  readonly runtime: Runtime;
  readonly directories: ContainerDirectories;
  /** Lets go of the networks of a container. */
  readonly leaveNetworks: (containerId: string) => Promise<void>;
}

/** Ends containers. After {@link close} it touches none any more. */
export class ContainerEnding {
  private readonly parts: EndingParts;
  private closed = false;

  constructor(parts: EndingParts) {
    this.parts = parts;
  }

  close(): void {
    this.closed = true;
  }

  /** Asks all processes, or the main one alone. The init is left out: it ends with what it runs. */
  async ask(container: TrackedContainer): Promise<void> {
    for (let round = 0; round < FIRST_SIGNAL_ROUNDS; round += 1) {
      if (container.ended || this.closed) return;
      const processes = this.processesBelowInit(container);
      if (processes.length > 0) {
        await this.askThese(container, processes);
        return;
      }
      await delay(this.parts.time, SWEEP_POLL_MS);
    }
  }

  private async askThese(container: TrackedContainer, processes: readonly number[]): Promise<void> {
    const { signal: name, mainOnly } = container.details?.stop ?? {
      signal: constants.signals.SIGTERM,
      mainOnly: false,
    };
    const main = processes.find((pid) => parentOf(pid) === container.init);
    if (mainOnly && main !== undefined) {
      signal(main, name);
      return;
    }
    const others = processes.filter((pid) => pid !== main);
    for (const pid of others) signal(pid, name);
    // A shell would die at once, and with it all that it started, which then had no time to end well.
    if (main !== undefined && others.length > 0 && isShell(main)) await this.haveEnded(container, main, others);
    if (main !== undefined && !container.ended && !this.closed) signal(main, name);
  }

  /** Waits until none of the processes is left, or until others have taken their place. */
  private async haveEnded(container: TrackedContainer, main: number, asked: readonly number[]): Promise<void> {
    const known = new Set([main, ...asked]);
    while (!container.ended && !this.closed) {
      const left = this.processesBelowInit(container);
      if (left.every((pid) => pid === main) || left.some((pid) => !known.has(pid))) return;
      await delay(this.parts.time, SWEEP_POLL_MS);
    }
  }

  /** Ends all processes now; the supervisor lives until it has written the exit status, if it can. */
  async force(container: TrackedContainer): Promise<void> {
    for (let round = 0; round < SWEEPS_MAX; round += 1) {
      if (container.ended || this.closed) return;
      this.killAll(container.containerId);
      if (round >= SUPERVISOR_ROUNDS && isSameProcess(container.supervisor)) {
        signal(container.supervisor.pid, 'SIGKILL');
      }
      await delay(this.parts.time, SWEEP_POLL_MS);
    }
    this.parts.log.error({ containerId: container.containerId }, 'processes of a container cannot be killed');
  }

  /**
   * Clears away all that is left of a container whose supervisor has ended, and tells how it ended. Undefined when this
   * was closed meanwhile: the next agent finds the same.
   */
  async finish(container: TrackedContainer): Promise<ContainerExit | undefined> {
    const { containerId } = container;
    const { cgroups, directories, log } = this.parts;
    for (let round = 0; round < SWEEPS_MAX && cgroups.processes(containerId).length > 0; round += 1) {
      this.killAll(containerId);
      await delay(this.parts.time, SWEEP_POLL_MS);
      if (this.closed) return undefined;
    }
    const exit = (await directories.readEnd(containerId)) ?? (await this.exitOf(container));
    if (exit.kind === 'limited') {
      // The control groups that say so are about to go: written down for an agent that comes after this one.
      await directories.writeEnd(containerId, exit).catch((error: unknown) => {
        log.warn({ containerId, error: describeError(error) }, 'the end of a container could not be written down');
      });
    }
    await this.clear(containerId);
    return this.closed ? undefined : exit;
  }

  /** Clears away what a container may have left of control groups, networks and the runtime's memory. */
  async clear(containerId: string): Promise<void> {
    const { cgroups, runtime, leaveNetworks, log } = this.parts;
    await leaveNetworks(containerId);
    await runtime.forget(containerId);
    for (let round = 0; round < SWEEPS_MAX; round += 1) {
      // The kernel needs a moment to see that the last process is gone.
      if (cgroups.remove(containerId)) return;
      await delay(this.parts.time, SWEEP_POLL_MS);
    }
    log.error({ containerId }, 'control groups of an ended container cannot be removed');
  }

  private killAll(containerId: string): void {
    for (const pid of this.parts.cgroups.processes(containerId)) signal(pid, 'SIGKILL');
  }

  private processesBelowInit({ containerId, init }: TrackedContainer): readonly number[] {
    return this.parts.cgroups.processes(containerId).filter((pid) => pid !== init);
  }

  private async whyNotStarted(containerId: string): Promise<ContainerExit> {
    const message = await findStartFailure(this.parts.directories.directory(containerId));
    return message === undefined ? NEVER_STARTED : { kind: 'not-started', cause: 'runtime', message };
  }

  private async exitOf(container: TrackedContainer): Promise<ContainerExit> {
    const { containerId, details, supervisor } = container;
    // Its supervisor has an exit status all the same: that of the runtime.
    if (container.init === undefined) return this.whyNotStarted(containerId);
    const exit = await this.parts.directories.readExit(containerId);
    const isWell = exit?.kind === 'exited' && exit.code === 0;
    const { oomKills, peakBytes } = this.parts.cgroups.memoryEvents(containerId);
    if (oomKills > 0 && !isWell) return outOfMemory(details?.memoryBytes, peakBytes);
    return (
      exit ?? {
        kind: 'unknown',
        message: `The supervisor of the task (pid ${supervisor.pid}) was killed, so the exit status is not known`,
      }
    );
  }
}

function outOfMemory(limitBytes: number | undefined, peakBytes: number | undefined): ContainerExit {
  const limit = limitBytes === undefined ? '' : `: it may have ${inMebibytes(limitBytes)}`;
  const peak = peakBytes === undefined ? '' : ` and had ${inMebibytes(peakBytes)} at its peak`;
  return { kind: 'limited', resource: 'memory', message: `The task was killed for lack of memory${limit}${peak}` };
}

function inMebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(1).replace(/\.0$/, '')} MiB`;
}
