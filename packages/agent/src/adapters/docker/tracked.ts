/** What is known of a container of ours, and how the Engine's words about it are read. */
import type { TimerHandle } from '@stadion/base';
import type { ContainerInspectInfo } from 'dockerode';
import { exitFromShellStatus, NEVER_STARTED, type ContainerExit } from '../../core/container.ts';
import { terminalOf } from '../../core/terminal.ts';
import type { ContainerSpec } from '../../ports/containerizer.ts';
import { describeDocker } from './container-options.ts';
import { isSet } from './parameters.ts';
import type { ContainerRecord } from './container-records.ts';
import type { LogCopier } from './log-copier.ts';

/** 128 and the number of SIGKILL. */
const SIGKILL_STATUS = 137;

/** A container that runs, or whose end is about to be told. */
export interface Tracked {
  readonly containerId: string;
  readonly record: ContainerRecord;
  /** The Engine's id; undefined while the daemon could not be asked. */
  dockerId: string | undefined;
  phase: 'launching' | 'running' | 'ending';
  /** It ended before its launch was told. */
  diedEarly: boolean;
  stopSignal: string;
  /** Its layer above the image, where the daemon keeps it as a directory. */
  written: readonly string[];
  limitBytes: number | undefined;
  logs: LogCopier | undefined;
  /** Monotonic time of SIGKILL, once somebody asked for the end. */
  killAt: number | undefined;
  killTimer: TimerHandle | undefined;
}

/** Of a container whose record is lost: it is watched, and its output goes nowhere. */
export const NOWHERE: ContainerRecord = { directory: '', terminal: false };

/** The end of a container that is not there any more. */
export const GONE: ContainerExit = {
  kind: 'unknown',
  message: 'Somebody else removed the container from Docker; its exit status is not known',
};

/** A container that nothing is known of yet. */
export function track(containerId: string, record: ContainerRecord, phase: Tracked['phase']): Tracked {
  return {
    containerId,
    record,
    dockerId: undefined,
    phase,
    diedEarly: false,
    stopSignal: 'SIGTERM',
    written: [],
    limitBytes: undefined,
    logs: undefined,
    killAt: undefined,
    killTimer: undefined,
  };
}

/** Whether the task asked for a terminal, by `tty` or by a parameter, which goes first. */
export function wantsTerminal(spec: ContainerSpec): boolean {
  const parameters = describeDocker(spec.container)?.parameters ?? [];
  const last = parameters.findLast(({ key }) => key === 'tty' || key === 't');
  return last === undefined ? terminalOf(spec.container) !== undefined : isSet(last.value);
}

/** Its first process, and its addresses where it has a network of its own. */
export function factsOf(info: ContainerInspectInfo): {
  readonly pid: number | undefined;
  readonly addresses?: string[];
} {
  const networks = Object.values(info.NetworkSettings.Networks);
  const addresses = networks.flatMap(({ IPAddress }) => (IPAddress === '' ? [] : [IPAddress]));
  const pid = info.State.Pid > 0 ? info.State.Pid : undefined;
  return addresses.length === 0 ? { pid } : { pid, addresses };
}

/** How it ended, as the Engine has it. */
export function exitOf({ State, HostConfig }: ContainerInspectInfo): ContainerExit {
  // The agent died between making and starting it.
  if (State.Status === 'created') return NEVER_STARTED;
  if (State.OOMKilled && State.ExitCode === SIGKILL_STATUS) {
    const limit = ((HostConfig.Memory ?? 0) / 1024 / 1024).toFixed(0);
    const message = `out-of-memory: The container used more than the ${limit} MB it was granted, and was killed`;
    return { kind: 'limited', resource: 'memory', message };
  }
  return exitFromShellStatus(State.ExitCode);
}

/** Where it writes besides its sandbox, as overlay2 has it. */
export function writtenBy(info: { readonly GraphDriver?: { readonly Data?: object | null } }): readonly string[] {
  // The declared type knows the driver of another age alone.
  const data = info.GraphDriver?.Data ?? {};
  return 'UpperDir' in data && typeof data.UpperDir === 'string' ? [data.UpperDir] : [];
}

/** The signal that its image, or its description, wants to be asked to end by. */
export function stopSignalOf({ Config }: ContainerInspectInfo): string {
  const config: object = Config;
  return 'StopSignal' in config && typeof config.StopSignal === 'string' ? config.StopSignal : 'SIGTERM';
}
