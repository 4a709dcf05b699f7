/** Volumes of an app in Mesos's shape, save persistent ones, which are resources. */
import type { ContainerVolume } from '@stadion/contract/mesos-workload';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { secretOf } from './secrets.ts';

/** Volumes of the host, secrets as files, and external ones as they are passed on. */
export function containerVolumes(app: Pick<AppDefinition, 'container' | 'secrets'>): ContainerVolume[] {
  return (app.container?.volumes ?? []).flatMap((volume): ContainerVolume[] => {
    const rest = { mode: volume.mode ?? 'RW', container_path: volume.containerPath };
    if (volume.hostPath !== undefined) return [{ ...rest, host_path: volume.hostPath }];
    if (volume.secret !== undefined) {
      const secret = secretOf(volume.secret, app.secrets);
      return [{ ...rest, mode: 'RO', source: { type: 'SECRET', secret } }];
    }
    return volume.external === undefined ? [] : [{ ...rest, source: externalSource(volume.external) }];
  });
}

/** A CSI volume as it is written; any other by its Docker volume driver, as Marathon passes `dvdi` volumes. */
function externalSource(external: Readonly<Record<string, unknown>>): NonNullable<ContainerVolume['source']> {
  if (external.provider === 'csi') return { type: 'CSI_VOLUME', csi_volume: external };
  const options = Object.entries((external.options ?? {}) as Readonly<Record<string, unknown>>);
  const texts = options.map(([key, value]) => ({ key, value: String(value) }));
  const driver = texts.find(({ key }) => key === 'dvdi/driver')?.value;
  const parameter = texts.filter(({ key }) => key !== 'dvdi/driver');
  return {
    type: 'DOCKER_VOLUME',
    docker_volume: {
      name: String(external.name),
      ...(driver === undefined ? {} : { driver }),
      ...(parameter.length === 0 ? {} : { driver_options: { parameter } }),
    },
  };
}
