/** Makes and starts one container, or leaves nothing of it. */
import { existsSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { describeError } from '@stadion/base';
import type Docker from 'dockerode';
import type { ContainerInspectInfo } from 'dockerode';
import type { ContainerLimits } from '../../core/container.ts';
import { memoryLimit } from '../../core/oci/runtime-spec.ts';
import type { ContainerSpec, LaunchFailure } from '../../ports/containerizer.ts';
import { resolveTaskUser } from '../system-users.ts';
import type { Tracked } from './tracked.ts';
import {
  buildContainerOptions,
  changedLimits,
  describeDocker,
  findImageNameProblem,
  mountsOf,
} from './container-options.ts';
import { nameFailure } from './failures.ts';

/** What a launch needs to know of its surroundings. */
export interface LaunchContext {
  readonly docker: Docker;
  readonly owner: string;
  /** The daemon's processor, in Go's words: `amd64`, `arm64`. */
  readonly architecture: string;
  /** Whether the daemon has an init program. It is found out by trying. */
  readonly hasInit: boolean;
  /** Called with the Engine's id before the container starts, so that its end is not missed. */
  readonly onCreated: (dockerId: string) => Promise<void>;
}

/** A started container, or why there is none. */
export type Launched =
  { readonly ok: true; readonly info: ContainerInspectInfo } | (LaunchFailure & { readonly lacksInit?: boolean });

/** Changes what a running container may use. */
export async function updateContainer(
  docker: Docker | undefined,
  tracked: Pick<Tracked, 'dockerId' | 'limitBytes'> | undefined,
  limits: ContainerLimits,
): Promise<void> {
  if (tracked?.dockerId === undefined) return;
  await docker?.getContainer(tracked.dockerId).update(changedLimits(limits));
  if (limits.memoryBytes > 0) tracked.limitBytes = memoryLimit(limits.memoryBytes);
}

/** Creates and starts a container. When it resolves with `ok: false`, nothing of it is left. */
export async function launchContainer(spec: ContainerSpec, context: LaunchContext): Promise<Launched> {
  const { docker } = context;
  const image = describeDocker(spec.container)?.image ?? '';
  let container: Docker.Container | undefined;
  try {
    const problem =
      findImageNameProblem(image) ??
      (await findVolumeProblem(spec)) ??
      (await findImageProblem(docker, image, context.architecture));
    if (problem !== undefined) return { ok: false, message: problem };
    const user = await resolveTaskUser(spec.user);
    const built = buildContainerOptions(spec, {
      owner: context.owner,
      user: user === undefined ? undefined : `${user.uid}:${user.gid}`,
      init: context.hasInit,
    });
    if (!built.ok) return built;
    container = await docker.createContainer(built.options);
    await context.onCreated(container.id);
    await container.start();
    return { ok: true, info: await container.inspect() };
  } catch (error) {
    await container?.remove({ force: true, v: true }).catch(() => undefined);
    const lacksInit = context.hasInit && describeError(error).includes('docker-init');
    if (lacksInit) return { ok: false, message: '', lacksInit };
    return { ok: false, message: nameFailure(error, `starting a container of "${image}"`).message };
  }
}

/** Docker would make missing folders, as root and empty: rarely what was meant. */
async function findVolumeProblem(spec: ContainerSpec): Promise<string | undefined> {
  if (spec.container?.volumes?.some(({ source }) => source?.csi_volume !== undefined)) {
    return 'volume-refused: Volumes of CSI plugins are not known here';
  }
  for (const mount of mountsOf(spec)) {
    if (mount.kind !== 'path') continue;
    const { source } = mount;
    if (mount.isInSandbox) {
      await mkdir(source, { recursive: true });
      continue;
    }
    const isThere = await stat(source).then(
      () => true,
      () => false,
    );
    if (!isThere) return `volume-path-missing: The volume's path ${source} does not exist on this machine`;
  }
  return undefined;
}

/** Names of processors that binfmt_misc registers emulators under. */
const EMULATED: Readonly<Record<string, string>> = { amd64: 'x86_64', arm64: 'aarch64', '386': 'i386' };

async function findImageProblem(docker: Docker, image: string, architecture: string): Promise<string | undefined> {
  const { Architecture: wanted, Os } = await docker.getImage(image).inspect();
  if (wanted === '' || (wanted === architecture && Os === 'linux')) return undefined;
  if (existsSync(`/proc/sys/fs/binfmt_misc/qemu-${EMULATED[wanted] ?? wanted}`)) return undefined;
  return `image-wrong-architecture: The image "${image}" is made for ${Os}/${wanted}, and this machine is linux/${architecture}`;
}
