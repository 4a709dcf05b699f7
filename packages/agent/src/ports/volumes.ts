/** The port for the directories of persistent volumes. */
import type { VolumeId } from '../core/volumes.ts';

/** Makes and wipes volumes. */
export interface Volumes {
  /** Where the volume is, or would be. */
  directory(volume: VolumeId): string;
  /**
   * Makes it, empty. One that is there is left as it is.
   * @throws PlatformError `agent-volume-failed`
   */
  create(volume: VolumeId): Promise<void>;
  /**
   * Gives its root to the user of the task that is about to use it.
   * @throws PlatformError `agent-volume-failed`, `agent-unknown-user`
   */
  handOver(volume: VolumeId, user: string | undefined): Promise<void>;
  /**
   * Removes it with all that is in it; a missing one is fine.
   * @throws PlatformError `agent-volume-failed`
   */
  wipe(volume: VolumeId): Promise<void>;
}
