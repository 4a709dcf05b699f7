/** Gives tasks their secrets: looked up at the start, into the environment or into files in memory, and nowhere else. */
import { chmod, chown, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PlatformError, describeError, type Logger } from '@stadion/base';
import { imageOf } from '../../core/admission.ts';
import type { Containerizer, ContainerMount, ContainerSpec } from '../../ports/containerizer.ts';
import type { SecretSource } from '../../ports/secrets.ts';
import { resolveTaskUser } from '../system-users.ts';
import { wrapContainerizer } from '../wrapped-containerizer.ts';

/** Options of {@link withSecrets}. */
export interface SecretContainerizerOptions {
  readonly containerizer: Containerizer;
  readonly secrets: SecretSource;
  /** Where files with secrets are: in memory, the agent's own. */
  readonly directory: string;
  readonly log: Logger;
}

/** A containerizer that resolves what its tasks name as secrets before it starts them. */
export function withSecrets(options: SecretContainerizerOptions): Containerizer {
  const { containerizer, secrets, directory, log } = options;
  const folderOf = (containerId: string): string => join(directory, containerId);

  async function forget(containerId: string): Promise<void> {
    await rm(folderOf(containerId), { recursive: true, force: true }).catch((error: unknown) => {
      log.error({ containerId, error: describeError(error) }, 'files with secrets could not be removed');
    });
  }

  const launch: Containerizer['launch'] = async (spec) => {
    const names = Object.values(spec.secretEnvironment ?? {});
    const volumes = (spec.container?.volumes ?? []).filter(({ source }) => source?.type === 'SECRET');
    if (names.length === 0 && volumes.length === 0) return containerizer.launch(spec);
    try {
      const environment = { ...spec.environment };
      for (const [variable, name] of Object.entries(spec.secretEnvironment ?? {})) {
        environment[variable] = await valueOf(name);
      }
      const mounts: ContainerMount[] = [...(spec.mounts ?? [])];
      for (const [index, volume] of volumes.entries()) {
        const value = await valueOf(volume.source?.secret?.reference?.name ?? '');
        const hasImage = imageOf(spec.container) !== undefined;
        const source = await write(spec, String(index), value, hasImage);
        // A link stands for it where nothing is mounted; its mode keeps it from being written all the same.
        mounts.push({ source, containerPath: volume.container_path, readOnly: hasImage });
      }
      const outcome = await containerizer.launch({ ...withoutSecrets(spec), environment, mounts });
      if (!outcome.ok) await forget(spec.containerId);
      return outcome;
    } catch (error) {
      await forget(spec.containerId);
      return { ok: false, message: describeError(error) };
    }
  };

  const prepare: NonNullable<Containerizer['prepare']> = async (spec, context) => {
    const config = spec.container?.mesos?.image?.docker?.config;
    if (config === undefined) return containerizer.prepare?.(spec, context);
    try {
      const registryConfig = await valueOf(config.reference?.name ?? '');
      return await containerizer.prepare?.({ ...spec, registryConfig }, context);
    } catch (error) {
      return { ok: false, message: describeError(error) };
    }
  };

  async function valueOf(name: string): Promise<string> {
    const found = await secrets.find(name);
    if (!found.ok) throw new PlatformError('agent-secret-missing', found.message, { details: { secret: name } });
    return found.value;
  }

  async function write(spec: ContainerSpec, name: string, value: string, hasImage: boolean): Promise<string> {
    const user = await resolveTaskUser(spec.user);
    const folder = folderOf(spec.containerId);
    await mkdir(directory, { recursive: true, mode: 0o711 });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, name);
    await writeFile(path, value, { mode: 0o400 });
    if (user !== undefined) {
      await chown(folder, user.uid, user.gid);
      await chown(path, user.uid, user.gid);
    } else if (hasImage) {
      // Nobody here knows whom the image runs as; the folder around the file is closed to everybody else.
      await chmod(path, 0o444);
    }
    return path;
  }

  const recover: Containerizer['recover'] = async (onExit) => {
    const recovered = await containerizer.recover(onExit);
    const known = new Set(recovered.map(({ containerId }) => containerId));
    for (const name of await readdir(directory).catch(() => [])) if (!known.has(name)) await forget(name);
    return recovered;
  };

  return wrapContainerizer(containerizer, {
    recover,
    launch,
    async remove(containerId) {
      await containerizer.remove(containerId);
      await forget(containerId);
    },
    ...(containerizer.prepare === undefined ? {} : { prepare }),
  });
}

function withoutSecrets(spec: ContainerSpec): ContainerSpec {
  const { secretEnvironment: _resolved, container, ...rest } = spec;
  if (container === undefined) return rest;
  const volumes = container.volumes?.filter(({ source }) => source?.type !== 'SECRET') ?? [];
  return { ...rest, container: { ...container, volumes } };
}
