/** A task on the machine's own files: who it is, and what it runs. */
import { describeError } from '@stadion/base';
import type { ContainerSpec, LaunchFailure } from '../../ports/containerizer.ts';
import { resolveTaskUser, variablesOf } from '../system-users.ts';
import type { BundleRoot } from './bundle.ts';
import type { HostRoot } from './host-root.ts';

/** The root of such a container, or why there is none. */
export async function hostBundleRoot(spec: ContainerSpec, hostRoot: HostRoot): Promise<BundleRoot | LaunchFailure> {
  const { command } = spec;
  if (command.kind === 'image') return { ok: false, message: 'The task names no image whose command could be run' };
  try {
    const user = await resolveTaskUser(spec.user);
    return {
      path: hostRoot.path,
      readOnly: true,
      mounts: hostRoot.mounts(),
      user: { uid: user?.uid ?? 0, gid: user?.gid ?? 0 },
      environment: { ...spec.environment, ...variablesOf(user, spec.environment) },
      sandbox: spec.directory,
      directory: spec.directory,
      argv: command.kind === 'shell' ? ['/bin/sh', '-c', command.text] : [command.file, ...command.arguments],
    };
  } catch (error) {
    return { ok: false, message: describeError(error) };
  }
}
