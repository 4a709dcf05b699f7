/** Reservations and volumes of this agent: on its disk before they count, and wiped when they are given up. */
import { describeError, type Logger, type TimerHandle, type Timers } from '@stadion/base';
import type { CheckpointedResources } from '@stadion/contract/agent-link';
import { RESOURCES_KEY, toResourcesRecord } from './core/checkpoint-record.ts';
import { volumeKey, volumesOf, withoutVolumes, type VolumeId } from './core/volumes.ts';
import { WIPE_AGAIN_MS } from './limits.ts';
import type { Checkpoints } from './ports/checkpoints.ts';
import type { Volumes } from './ports/volumes.ts';

/** One per agent. Changes happen one after the other. */
export class VolumeKeeper {
  private readonly checkpoints: Checkpoints;
  private readonly volumes: Volumes;
  private readonly timers: Timers;
  private readonly log: Logger;
  private kept: CheckpointedResources | undefined;
  /** The newest words of the master; they may still be on their way to the disk. */
  private told: CheckpointedResources | undefined;
  /** Given up, and maybe not gone yet. */
  private wiping: readonly VolumeId[] = [];
  private tail: Promise<void> = Promise.resolve();
  private again: TimerHandle | undefined;
  private isStopped = false;

  constructor(ports: {
    readonly checkpoints: Checkpoints;
    readonly volumes: Volumes;
    readonly timers: Timers;
    readonly log: Logger;
  }) {
    this.checkpoints = ports.checkpoints;
    this.volumes = ports.volumes;
    this.timers = ports.timers;
    this.log = ports.log;
  }

  /** What is on disk; undefined when there never was anything. */
  get current(): CheckpointedResources | undefined {
    return this.kept;
  }

  /**
   * What a master has to know of this agent: all that it was told, on disk yet or not. A new master that heard of less
   * would give away again what is reserved, and its next words would bear a version that this agent has already seen.
   */
  get announced(): CheckpointedResources | undefined {
    return this.told;
  }

  /** Takes over what an earlier life of the agent wrote, and ends what that one had begun to wipe. */
  restore(checkpointed: CheckpointedResources, wiping: readonly VolumeId[]): void {
    this.kept = checkpointed;
    this.told = checkpointed;
    this.wiping = wiping;
    if (wiping.length > 0) this.enqueue(() => this.wipe(checkpointed));
  }

  /** Begins nothing more. What is yet to be wiped is for the next life of the agent. */
  stop(): void {
    this.isStopped = true;
    this.again?.cancel();
  }

  /** Takes what the master says. Older words that arrive late are ignored; what cannot be written is asked for again. */
  apply(next: CheckpointedResources): void {
    if (next.version > (this.told?.version ?? 0)) this.told = next;
    this.enqueue(async () => {
      if (next.version <= (this.kept?.version ?? 0)) return;
      const before = volumesOf(this.kept?.resources ?? []);
      const after = volumesOf(next.resources);
      // A volume that was to be wiped and is wanted again is made anew, and not before the old one is gone.
      if (this.wiping.length > 0 && this.kept !== undefined) await this.wipe(this.kept);
      const wiping = withoutVolumes(before, after);
      await this.checkpoints.save(RESOURCES_KEY, toResourcesRecord(next, wiping), { durable: true });
      this.kept = next;
      this.wiping = wiping;
      for (const volume of withoutVolumes(after, before)) await this.volumes.create(volume);
      if (wiping.length > 0) await this.wipe(next);
    });
  }

  /** Resolves when everything that the master has said so far is on disk, or could not be written. */
  settled(): Promise<void> {
    return this.tail;
  }

  /** Where a volume is. Undefined: this agent has no such volume. */
  directoryOf(volume: VolumeId): string | undefined {
    const key = volumeKey(volume);
    const isHere = volumesOf(this.kept?.resources ?? []).some((each) => volumeKey(each) === key);
    return isHere ? this.volumes.directory(volume) : undefined;
  }

  /** Makes sure that a volume is there, and gives it to a user. @throws PlatformError when it cannot be */
  async handOver(volume: VolumeId, user: string | undefined): Promise<void> {
    await this.volumes.create(volume);
    await this.volumes.handOver(volume, user);
  }

  private async wipe(kept: CheckpointedResources): Promise<void> {
    for (const volume of this.wiping) {
      await this.volumes.wipe(volume);
      this.log.info({ role: volume.role, volume: volume.id }, 'a volume was wiped');
    }
    await this.checkpoints.save(RESOURCES_KEY, toResourcesRecord(kept, []), { durable: true });
    this.wiping = [];
  }

  private enqueue(work: () => Promise<void>): void {
    this.tail = this.tail.then(work).catch((error: unknown) => {
      this.log.error({ error: describeError(error) }, 'reservations or volumes could not be brought up to date');
      if (this.wiping.length > 0) this.wipeLater();
    });
  }

  /** The master takes them for gone, and will not come back to it. */
  private wipeLater(): void {
    if (this.isStopped) return;
    this.again ??= this.timers.after(WIPE_AGAIN_MS, () => {
      this.again = undefined;
      this.enqueue(async () => {
        if (this.wiping.length > 0 && this.kept !== undefined) await this.wipe(this.kept);
      });
    });
  }
}
