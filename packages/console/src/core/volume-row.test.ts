import { expect, test } from 'vitest';
import { Value } from '@sinclair/typebox/value';
import { PodContainerStatus, PodDefinition, PodInstanceStatus } from '@stadion/contract/orchestrator-pods';
import { appVolumes, otherVolumes, podVolumes } from './volume-row.ts';

const RESOURCES = { cpus: 0.1, mem: 32, disk: 0, gpus: 0 };
const volumeOf = (containerPath: string, uuid: string) => ({
  runSpecId: '/a',
  containerPath,
  uuid,
  persistenceId: `a#${containerPath}#${uuid}`,
});

test('an instance that does not run keeps its volume, and nobody has it', () => {
  const container = {
    type: 'MESOS' as const,
    volumes: [
      { containerPath: 'data', mode: 'RO' as const, persistent: { size: 10 } },
      { containerPath: '/etc/more', hostPath: '/srv/more' },
    ],
  };
  const task = {
    id: 'a.instance-1._app.2',
    appId: '/a',
    host: 'node',
    state: 'TASK_STAGING',
    role: '*',
    ports: [],
    servicePorts: [],
    ipAddresses: [],
    healthCheckResults: [],
    localVolumes: [volumeOf('data', 'u')],
  };
  const [waiting] = appVolumes({ container }, [task]);
  expect(waiting).toMatchObject({ id: 'a#data#u', size: 10, mode: 'RO', isAttached: false });
  const [running] = appVolumes({ container }, [{ ...task, startedAt: '2026-01-01T00:00:00.000Z' }]);
  expect(running?.isAttached).toBe(true);
  expect(otherVolumes({ container })).toEqual([
    { containerPath: '/etc/more', mode: 'RW', kind: 'Of the node', source: '/srv/more' },
  ]);
});

test('a volume of a pod names every container that mounts it', () => {
  const container = (name: string, readOnly: boolean): PodDefinition['containers'][number] => ({
    name,
    resources: RESOURCES,
    volumeMounts: [{ name: 'shared', mountPath: `${name}-data`, readOnly }],
  });
  const spec = Value.Create(PodDefinition);
  spec.containers = [container('one', false), container('two', true)];
  spec.volumes = [{ name: 'shared', persistent: { size: 30 } }];
  const instance = Value.Create(PodInstanceStatus);
  instance.status = 'STABLE';
  instance.containers = [{ ...Value.Create(PodContainerStatus), name: 'one', containerId: 'a.instance-1.one' }];
  instance.localVolumes = [volumeOf('shared', 'u')];
  expect(podVolumes({ spec, instances: [instance] })).toMatchObject([
    {
      id: 'a#shared#u',
      size: 30,
      mode: 'RW',
      containerPaths: ['one: one-data', 'two: two-data'],
      taskId: 'a.instance-1.one',
      isAttached: true,
    },
  ]);
});
