/**
 * Holds tasks to what they were granted on disk, whatever they run in: the sandbox with what is written into an image, and each
 * persistent volume. What they have is measured; who has more is ended, as by Mesos's isolator disk/du.
 */
import type { Clock, Logger, Timers } from '@stadion/base';
import type { ContainerExit, ContainerLimits } from '../../core/container.ts';
import type { Containerizer, ContainerSpec } from '../../ports/containerizer.ts';
import { joinTime } from '../../joined-time.ts';
import { wrapContainerizer } from '../wrapped-containerizer.ts';
import { DiskRecords, type DiskRecord } from './disk-records.ts';
import { DiskWatch, type LimitedDisk } from './disk-watch.ts';

/** Options of {@link withDiskLimits}. */
export interface DiskLimitOptions {
  readonly containerizer: Containerizer;
  /** Where limits are noted, for an agent that comes after this one; on the local disk, the agent's own. */
  readonly directory: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  /** How often is measured; default every 15 s, as in Mesos. */
  readonly intervalMs?: number;
}

const INTERVAL_MS_DEFAULT = 15_000;

/** A containerizer that ends what has more on disk than it may. */
export function withDiskLimits(options: DiskLimitOptions): Containerizer {
  const { containerizer } = options;
  const limits = new DiskLimits(options);
  return wrapContainerizer(containerizer, {
    recover: (onExit) => limits.recover(onExit),
    launch: (spec) => limits.launch(spec),
    update: (containerId, resources) => limits.update(containerId, resources),
    async remove(containerId) {
      await containerizer.remove(containerId);
      await limits.forget(containerId);
    },
    async close() {
      limits.stop();
      await containerizer.close();
    },
  });
}

/** What {@link withDiskLimits} adds to a containerizer. */
class DiskLimits {
  private readonly containerizer: Containerizer;
  private readonly records: DiskRecords;
  private readonly watch: DiskWatch;
  /** Ids of containers whose launch is under way: they cannot be ended yet. */
  private readonly launching = new Set<string>();

  constructor({ containerizer, directory, clock, timers, log, intervalMs = INTERVAL_MS_DEFAULT }: DiskLimitOptions) {
    this.containerizer = containerizer;
    this.records = new DiskRecords(directory, log);
    this.watch = new DiskWatch({
      time: joinTime(clock, timers),
      log,
      intervalMs,
      limited: () => this.records.entries().flatMap(([containerId, record]) => this.limitedOf(containerId, record)),
      onExceeded: (containerId, message) => void this.end(containerId, message),
    });
  }

  async launch(spec: ContainerSpec): ReturnType<Containerizer['launch']> {
    const record = recordOf(spec);
    if (record === undefined) return this.containerizer.launch(spec);
    const { containerId } = spec;
    this.launching.add(containerId);
    try {
      // In memory before the launch: its end may be told before the launch has been.
      await this.records.put(containerId, record);
      const outcome = await this.containerizer.launch(spec);
      if (!outcome.ok) await this.records.forget(containerId);
      return outcome;
    } finally {
      this.launching.delete(containerId);
    }
  }

  async recover(onExit: Parameters<Containerizer['recover']>[0]): ReturnType<Containerizer['recover']> {
    await this.records.load();
    const found = await this.containerizer.recover((containerId, exit) => {
      onExit(containerId, this.explain(containerId, exit));
    });
    const known = new Set(found.map(({ containerId }) => containerId));
    for (const [containerId] of this.records.entries()) {
      if (!known.has(containerId)) await this.records.forget(containerId);
    }
    this.watch.start();
    for (const { containerId, state } of found) {
      // The agent before this one may have died between its decision and the kill.
      const isExceeded = this.records.get(containerId)?.exceeded !== undefined;
      if (state === 'running' && isExceeded) this.containerizer.kill(containerId, 0);
    }
    return found.map((each) => {
      return each.state === 'running' ? each : { ...each, exit: this.explain(each.containerId, each.exit) };
    });
  }

  async update(containerId: string, resources: ContainerLimits): Promise<void> {
    const record = this.records.get(containerId);
    if (record !== undefined && record.bytes > 0) {
      await this.records.put(containerId, { ...record, bytes: Math.round(resources.diskBytes) });
    }
    await this.containerizer.update?.(containerId, resources);
  }

  forget(containerId: string): Promise<void> {
    return this.records.forget(containerId);
  }

  stop(): void {
    this.watch.stop();
  }

  private limitedOf(containerId: string, { bytes, sandbox, volumes, exceeded }: DiskRecord): LimitedDisk[] {
    if (exceeded !== undefined || this.launching.has(containerId)) return [];
    const own = [sandbox, ...(this.containerizer.writtenDirectories?.(containerId) ?? [])];
    return [
      ...(bytes === 0 ? [] : [{ containerId, place: 'on disk', bytes, directories: own }]),
      ...volumes.map((volume) => {
        return {
          containerId,
          place: `in the volume "${volume.name}"`,
          bytes: volume.bytes,
          directories: [volume.directory],
        };
      }),
    ];
  }

  private async end(containerId: string, exceeded: string): Promise<void> {
    const record = this.records.get(containerId);
    if (record === undefined || record.exceeded !== undefined) return;
    await this.records.put(containerId, { ...record, exceeded });
    this.containerizer.kill(containerId, 0);
  }

  /** How a container ended, with the reason why it was ended. */
  private explain(containerId: string, exit: ContainerExit): ContainerExit {
    const message = this.records.get(containerId)?.exceeded;
    this.records.drop(containerId);
    return message === undefined || exit.kind === 'limited' ? exit : { kind: 'limited', resource: 'disk', message };
  }
}

/** Undefined where nothing is limited. */
function recordOf({ limits, directory, mounts = [] }: ContainerSpec): DiskRecord | undefined {
  const bytes = Math.round(limits?.diskBytes ?? 0);
  const volumes = mounts.flatMap(({ source, containerPath, limitBytes }) =>
    limitBytes === undefined ? [] : [{ name: containerPath, directory: source, bytes: Math.round(limitBytes) }],
  );
  return bytes === 0 && volumes.length === 0 ? undefined : { bytes, sandbox: directory, volumes };
}
