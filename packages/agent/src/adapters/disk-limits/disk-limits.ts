/**
 * Holds tasks to what they were granted on disk, whatever they run in: the sandbox with what is written into an image, and each
 * persistent volume. What they have is measured; who has more is ended, as by Mesos's isolator disk/du.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type, type Static } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { describeError, type Clock, type Logger, type Timers } from '@stadion/base';
import type { ContainerExit } from '../../core/container.ts';
import type { Containerizer, ContainerSpec } from '../../ports/containerizer.ts';
import { joinTime } from '../../joined-time.ts';
import { wrapContainerizer } from '../wrapped-containerizer.ts';
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

const DiskRecord = Type.Object({
  /** Of the sandbox; 0: as much as there is room. */
  bytes: Type.Integer(),
  sandbox: Type.String(),
  volumes: Type.Array(Type.Object({ name: Type.String(), directory: Type.String(), bytes: Type.Integer() })),
  /** Why it is being ended. */
  exceeded: Type.Optional(Type.String()),
});
type DiskRecord = Static<typeof DiskRecord>;

/** A containerizer that ends what has more on disk than it may. */
export function withDiskLimits(options: DiskLimitOptions): Containerizer {
  const { containerizer, directory, clock, timers, log } = options;
  const records = new Map<string, DiskRecord>();
  /** What is being launched cannot be ended yet. */
  const launching = new Set<string>();
  const watch = new DiskWatch({
    time: joinTime(clock, timers),
    log,
    intervalMs: options.intervalMs ?? INTERVAL_MS_DEFAULT,
    limited: () => [...records].flatMap(([containerId, record]) => limitedOf(containerId, record)),
    onExceeded: (containerId, message) => void end(containerId, message),
  });

  function limitedOf(containerId: string, { bytes, sandbox, volumes, exceeded }: DiskRecord): LimitedDisk[] {
    if (exceeded !== undefined || launching.has(containerId)) return [];
    const own = [sandbox, ...(containerizer.writtenDirectories?.(containerId) ?? [])];
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

  async function end(containerId: string, exceeded: string): Promise<void> {
    const record = records.get(containerId);
    if (record === undefined || record.exceeded !== undefined) return;
    records.set(containerId, { ...record, exceeded });
    await write(containerId, { ...record, exceeded });
    containerizer.kill(containerId, 0);
  }

  /** How a container ended, with the reason why it was ended. */
  function explain(containerId: string, exit: ContainerExit): ContainerExit {
    const message = records.get(containerId)?.exceeded;
    records.delete(containerId);
    return message === undefined || exit.kind === 'limited' ? exit : { kind: 'limited', resource: 'disk', message };
  }

  const launch: Containerizer['launch'] = async (spec) => {
    const record = recordOf(spec);
    if (record === undefined) return containerizer.launch(spec);
    const { containerId } = spec;
    // Its end may be told before its launch has been.
    records.set(containerId, record);
    launching.add(containerId);
    try {
      await write(containerId, record);
      const outcome = await containerizer.launch(spec);
      if (!outcome.ok) await forget(containerId);
      return outcome;
    } finally {
      launching.delete(containerId);
    }
  };

  const recover: Containerizer['recover'] = async (onExit) => {
    for (const name of await readdir(directory).catch(() => [])) {
      const record = await read(name);
      if (record !== undefined) records.set(name, record);
    }
    const found = await containerizer.recover((containerId, exit) => onExit(containerId, explain(containerId, exit)));
    const known = new Set(found.map(({ containerId }) => containerId));
    for (const containerId of [...records.keys()]) if (!known.has(containerId)) await forget(containerId);
    watch.start();
    for (const { containerId, state } of found) {
      // The agent before this one may have died between its decision and the kill.
      if (state === 'running' && records.get(containerId)?.exceeded !== undefined) containerizer.kill(containerId, 0);
    }
    return found.map((each) => {
      return each.state === 'running' ? each : { ...each, exit: explain(each.containerId, each.exit) };
    });
  };

  async function write(containerId: string, record: DiskRecord): Promise<void> {
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const path = join(directory, `${containerId}.tmp`);
      await writeFile(path, JSON.stringify(record), { mode: 0o600 });
      await rename(path, join(directory, containerId));
    } catch (error) {
      log.warn({ containerId, error: describeError(error) }, 'what a container may have on disk could not be noted');
    }
  }

  async function read(containerId: string): Promise<DiskRecord | undefined> {
    try {
      const value: unknown = JSON.parse(await readFile(join(directory, containerId), 'utf8'));
      return Value.Check(DiskRecord, value) ? value : undefined;
    } catch {
      return undefined;
    }
  }

  async function forget(containerId: string): Promise<void> {
    records.delete(containerId);
    await rm(join(directory, containerId), { force: true }).catch((error: unknown) => {
      log.warn({ containerId, error: describeError(error) }, 'a note about a container could not be removed');
    });
  }

  return wrapContainerizer(containerizer, {
    recover,
    launch,
    async update(containerId, limits) {
      const record = records.get(containerId);
      if (record !== undefined && record.bytes > 0) {
        const grown = { ...record, bytes: Math.round(limits.diskBytes) };
        records.set(containerId, grown);
        await write(containerId, grown);
      }
      await containerizer.update?.(containerId, limits);
    },
    async remove(containerId) {
      await containerizer.remove(containerId);
      await forget(containerId);
    },
    async close() {
      watch.stop();
      await containerizer.close();
    },
  });
}

/** Undefined where nothing is limited. */
function recordOf({ limits, directory, mounts = [] }: ContainerSpec): DiskRecord | undefined {
  const bytes = Math.round(limits?.diskBytes ?? 0);
  const volumes = mounts.flatMap(({ source, containerPath, limitBytes }) =>
    limitBytes === undefined ? [] : [{ name: containerPath, directory: source, bytes: Math.round(limitBytes) }],
  );
  return bytes === 0 && volumes.length === 0 ? undefined : { bytes, sandbox: directory, volumes };
}
