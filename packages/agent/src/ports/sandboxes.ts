/** The port for the directories that tasks run in. */

/** Which run of which task. */
export interface SandboxId {
  readonly agentId: string;
  readonly frameworkId: string;
  /** Equal to the task id for tasks with a command. */
  readonly executorId: string;
  readonly containerId: string;
  /** For a task of a pod, whose sandbox is `tasks/<id>` in that of the pod: there the ids above are the executor's. */
  readonly taskId?: string;
}

/** Whose a directory is that the containers of a pod share. */
export interface SharedDirectory {
  readonly user: string | undefined;
  /** Containers of other users share it too. */
  readonly isForAll: boolean;
}

/** Makes and removes sandboxes. */
export interface Sandboxes {
  /** Where the sandbox of this run is, or would be. */
  directory(id: SandboxId): string;
  /**
   * Makes it, for the agent alone as yet: empty `stdout` and `stderr`, and `runs/latest` pointing to it. That of a pod
   * comes before those of its tasks.
   * @throws PlatformError `agent-sandbox-failed`, `agent-unknown-user`, `agent-cannot-switch-user`
   */
  create(id: SandboxId, user: string | undefined): Promise<void>;
  /**
   * Gives it, with everything in it, to the user whose task is about to start: mode 0750.
   * @throws PlatformError `agent-sandbox-failed`, `agent-sandbox-unreachable`
   */
  handOver(id: SandboxId, user: string | undefined): Promise<void>;
  /**
   * Makes a directory in the sandbox of a pod; one that is there is fine. Resolves with where it is.
   * @throws PlatformError `agent-sandbox-failed`, `agent-unknown-user`
   */
  createShared(pod: SandboxId, path: string, share: SharedDirectory): Promise<string>;
  /** Lets the tasks of a pod through to their sandboxes, once all of them are handed over. */
  openPod(pod: SandboxId): Promise<void>;
  /** Removes it with everything in it; a missing one is fine. */
  remove(id: SandboxId): Promise<void>;
  /** Bytes in it, or undefined when nobody measured. */
  usedBytes(id: SandboxId): Promise<number | undefined>;
  /** Which part of the disk that holds the sandboxes is used, 0 to 1. */
  diskUsedFraction(): Promise<number>;
  /** Keeps `stdout` and `stderr` of a running task below a size; resolves with the names of the files rotated. */
  rotateLogs(id: SandboxId, options: { readonly bytesMax: number; readonly keep: number }): Promise<readonly string[]>;
}
