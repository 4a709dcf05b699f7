/** Volumes of plain processes: nothing is mounted, links in the sandbox stand in for them (Mesos's filesystem/posix). */
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '@stadion/base';
import type { ContainerSpec } from '../../ports/containerizer.ts';

/** Makes the links. Resolves with a sentence when one cannot be made; those before it stay in the sandbox. */
export async function linkMounts(spec: Pick<ContainerSpec, 'directory' | 'mounts'>): Promise<string | undefined> {
  for (const { source, containerPath, readOnly } of spec.mounts ?? []) {
    // One name only: what lies deeper in the sandbox is the user's, who could lead the agent elsewhere.
    const isName =
      containerPath !== '' && containerPath !== '.' && containerPath !== '..' && !/[/\0]/.test(containerPath);
    if (!isName) {
      return `Plain processes have volumes as links in their sandbox, so "${containerPath}" must be one name without "/"`;
    }
    if (readOnly) return `Plain processes cannot have the volume "${containerPath}" for reading only`;
    try {
      await symlink(source, join(spec.directory, containerPath));
    } catch (error) {
      const why = errorCode(error) === 'EEXIST' ? 'its name is taken in the sandbox' : String(errorCode(error));
      return `The volume "${containerPath}" could not be linked into the sandbox: ${why}`;
    }
  }
  return undefined;
}
