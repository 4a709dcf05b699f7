/** Looks at the volumes of a container before it starts: a missing one is named, one of the sandbox is made. */
import { mkdir, realpath, stat } from 'node:fs/promises';
import { sep } from 'node:path';
import { describeError } from '@stadion/base';
import type { ContainerSpec } from '../../ports/containerizer.ts';
import { volumesOf } from './bundle.ts';

/** A sentence about the first that cannot be mounted, with the failure's name in front; or nothing. */
export async function findVolumeProblem(spec: ContainerSpec): Promise<string | undefined> {
  const foreign = spec.container?.volumes?.find(
    ({ source }) => source?.docker_volume !== undefined || source?.csi_volume !== undefined,
  );
  if (foreign !== undefined) {
    return `volume-refused: ${foreign.container_path} is a volume of a driver, and only those of Docker are known, to Docker containers`;
  }
  for (const volume of volumesOf(spec, spec.directory)) {
    try {
      if (volume.isInSandbox) {
        await mkdir(volume.source, { recursive: true });
        if (!(await isBelow(volume.source, spec.directory))) {
          return `volume-refused: ${volume.source} leads out of the sandbox`;
        }
      } else await stat(volume.source);
    } catch (error) {
      return `volume-path-missing: the volume for ${volume.destination} cannot be mounted: ${describeError(error)}`;
    }
  }
  return undefined;
}

async function isBelow(path: string, directory: string): Promise<boolean> {
  const [real, above] = await Promise.all([realpath(path), realpath(directory)]);
  return real === above || real.startsWith(`${above}${sep}`);
}
