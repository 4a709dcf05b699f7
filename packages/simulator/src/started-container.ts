/** A container as the simulated world sees it. */

/** A period in milliseconds after the start of a container. */
export interface Sickness {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A persistent volume, and the number of its making on its machine: wiped and made again it is another one. */
export interface UsedVolume {
  readonly id: string;
  readonly making: number | undefined;
}

/** A container that was started, as checkers see it. Times are milliseconds since the start of the simulation. */
export interface StartedContainer {
  readonly machine: string;
  readonly containerId: string;
  readonly taskId: string;
  readonly appId: string;
  readonly cpus: number;
  readonly mem: number;
  readonly ports: readonly number[];
  readonly volumes: readonly UsedVolume[];
  /** What is wrong with its version on purpose. */
  readonly broken: string | undefined;
  readonly startedAt: number;
  readonly sickness: Sickness | undefined;
  readonly readyAfterMs: number;
}
