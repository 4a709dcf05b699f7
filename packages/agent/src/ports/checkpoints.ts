/** The port for what an agent must know again after a restart: small records under names. */

/** One record as it was found; a damaged one has only a problem. */
export type LoadedCheckpoint =
  { readonly key: string; readonly value: unknown } | { readonly key: string; readonly problem: string };

/** Keeps small JSON values. A value handed over is not changed afterwards. */
export interface Checkpoints {
  /**
   * Takes the place for this agent alone.
   * @throws PlatformError `agent-work-dir-locked` when another agent has it
   */
  open(): Promise<void>;
  /** Everything that is there. */
  load(): Promise<readonly LoadedCheckpoint[]>;
  /**
   * Replaces a record atomically: after a crash it is the old one or the new one. Saves of one key keep their order.
   * With `durable` it also survives a power cut once this resolves.
   * @throws PlatformError `agent-checkpoint-failed`, e.g. on a full disk
   */
  save(key: string, value: object, options: { readonly durable: boolean }): Promise<void>;
  /** Removes a record; a missing one is fine. */
  remove(key: string): Promise<void>;
  /** Waits for what is being written and lets go of the place. */
  close(): Promise<void>;
}
