import { describe, expect, it } from 'vitest';
import { anApp } from '../placement/testing/builders.ts';
import { containerVolumes } from './volumes.ts';

type Volumes = NonNullable<ReturnType<typeof anApp>['container']>['volumes'];

function volumesOf(...volumes: Volumes) {
  const secrets = { tls: { source: '/tls/key' } };
  return containerVolumes(anApp({ secrets, container: { type: 'MESOS', volumes } }));
}

describe('volumes of an app', () => {
  it('of the host keep their mode', () => {
    expect(volumesOf({ containerPath: '/data', hostPath: '/srv', mode: 'RO' })).toEqual([
      { mode: 'RO', container_path: '/data', host_path: '/srv' },
    ]);
  });

  it('that are secrets go as references, for reading', () => {
    expect(volumesOf({ containerPath: 'key.pem', secret: 'tls' })).toEqual([
      {
        mode: 'RO',
        container_path: 'key.pem',
        source: { type: 'SECRET', secret: { type: 'REFERENCE', reference: { name: '/tls/key' } } },
      },
    ]);
  });

  it('that are external are passed on with their driver', () => {
    const external = { name: 'v', provider: 'dvdi', options: { 'dvdi/driver': 'rexray', size: '10' } };
    expect(volumesOf({ containerPath: '/data', mode: 'RW', external })).toEqual([
      {
        mode: 'RW',
        container_path: '/data',
        source: {
          type: 'DOCKER_VOLUME',
          docker_volume: {
            name: 'v',
            driver: 'rexray',
            driver_options: { parameter: [{ key: 'size', value: '10' }] },
          },
        },
      },
    ]);
  });
});
