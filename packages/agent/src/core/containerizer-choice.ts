/** Which containerizer runs a task: what it wants to run in, against what works on this machine. */
import type { ContainerInfo } from '@stadion/contract/mesos';

/** What works on a machine, best first as configured, and why the others do not, by name. */
export interface WorkingContainerizers {
  readonly names: readonly string[];
  readonly problems?: Readonly<Record<string, string>>;
}

/** The name of the containerizer, or a sentence why there is none. */
export type ContainerizerChoice =
  { readonly ok: true; readonly name: string } | { readonly ok: false; readonly message: string };

/**
 * A Docker container goes to `docker`. An image, volumes of the machine, a network of its own or a confinement of its own
 * in a Mesos container need `linux`. A plain command takes the first that runs plain commands: everything but `docker`, in the configured order. A task of a
 * pod that has a network of its own needs `linux` too.
 * @param pod what the executor of the task's pod wants
 */
export function chooseContainerizer(
  container: ContainerInfo | undefined,
  working: WorkingContainerizers,
  pod?: ContainerInfo,
): ContainerizerChoice {
  if (container?.type === 'DOCKER') return need('docker', 'a Docker container', working);
  const special = (container && specialWish(container)) ?? (pod && specialWish(pod));
  if (special !== undefined) return need('linux', special, working);
  const name = working.names.find((each) => each !== 'docker');
  return name === undefined
    ? { ok: false, message: `The task is a plain command, and this agent runs none (${known(working)})` }
    : { ok: true, name };
}

/** What a Mesos container wants that a plain process cannot have. */
function specialWish(container: ContainerInfo): string | undefined {
  if (container.mesos?.image !== undefined) return 'a container image';
  // Those of the sandbox can be links where nothing can be mounted.
  if (container.volumes?.some(isHostVolume)) return 'volumes of the machine';
  if ((container.network_infos?.length ?? 0) > 0) return 'a network of its own';
  // To run it without what it asked to be kept from would be worse than not to run it.
  if (container.linux_info !== undefined || container.rlimit_info !== undefined) return 'to be confined by linuxInfo';
  return undefined;
}

function isHostVolume(volume: NonNullable<ContainerInfo['volumes']>[number]): boolean {
  const path = volume.host_path ?? volume.source?.host_path?.path;
  return path?.startsWith('/') ?? false;
}

function need(name: string, wish: string, working: WorkingContainerizers): ContainerizerChoice {
  if (working.names.includes(name)) return { ok: true, name };
  const problem = working.problems?.[name];
  const reason = problem === undefined ? '' : `: ${problem}`;
  return {
    ok: false,
    message: `The task wants ${wish}, and this agent has no ${name} containerizer (${known(working)})${reason}`,
  };
}

function known({ names }: WorkingContainerizers): string {
  return `it has ${names.join(', ') || 'none at all'}`;
}
