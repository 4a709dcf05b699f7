import { SeededRandom } from '@stadion/base';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { describe, expect, it } from 'vitest';
import { anApp } from '../placement/testing/builders.ts';
import { ownVariables } from './environment.ts';
import { buildTaskInfo, type TaskInput } from './task-info.ts';

const mapping = { protocol: 'tcp' as const, servicePort: 0, labels: {} };
const bridge = [{ mode: 'container/bridge' as const }];
const containerNetwork = [{ mode: 'container' as const, name: 'net' }];

type Mappings = NonNullable<NonNullable<AppDefinition['container']>['portMappings']>;
const withMappings = (...portMappings: Mappings) => ({ type: 'MESOS' as const, volumes: [], portMappings });

/** The environment of a task as a plain object; a variable that is there twice is a mistake. */
function environment(changes: Partial<AppDefinition>, more: Partial<TaskInput> = {}): Record<string, string> {
  const task = buildTaskInfo({
    app: anApp(changes),
    instanceId: 'web.instance-1',
    taskId: 'web.instance-1._app.1',
    agentId: { value: 'S0' },
    hostname: 'n1',
    hostPorts: [],
    role: '*',
    random: new SeededRandom('environment'),
    ...more,
  });
  const variables = task.command?.environment?.variables ?? [];
  expect(new Set(variables.map(({ name }) => name)).size).toBe(variables.length);
  return Object.fromEntries(variables.map(({ name, value = '' }) => [name, value]));
}

/** Only HOST and what has PORT in its name. */
function portVariables(
  changes: Partial<AppDefinition>,
  hostPorts: (number | undefined)[],
  more: Partial<TaskInput> = {},
) {
  const all = environment(changes, { hostPorts, ...more });
  return Object.fromEntries(Object.entries(all).filter(([name]) => /HOST|PORT/.test(name)));
}

describe('facts about the app', () => {
  it('are all there', () => {
    expect(environment({ id: '/a/b', cpus: 0.1, mem: 128, disk: 0, gpus: 2 })).toEqual({
      HOST: 'n1',
      MESOS_TASK_ID: 'web.instance-1._app.1',
      MARATHON_APP_ID: '/a/b',
      MARATHON_APP_VERSION: '2021-01-01T00:00:00.000Z',
      MARATHON_APP_RESOURCE_CPUS: '0.1',
      MARATHON_APP_RESOURCE_MEM: '128.0',
      MARATHON_APP_RESOURCE_DISK: '0.0',
      MARATHON_APP_RESOURCE_GPUS: '2',
      MARATHON_APP_ENFORCE_GROUP_ROLE: 'FALSE',
      MARATHON_APP_LABELS: '',
    });
  });

  it.each([
    [0.001, '0.001'],
    [2, '2.0'],
    [1234567.5, '1234567.5'],
    [10_000_000, '1.0E7'],
    [12_500_000, '1.25E7'],
  ])('write the amount %d as Java does: %s', (disk, text) => {
    expect(environment({ disk }).MARATHON_APP_RESOURCE_DISK).toBe(text);
  });

  it('name the image of a Docker container only', () => {
    const docker = { image: 'nginx:1', forcePullImage: false, privileged: false, parameters: [] };
    const image = (type: 'DOCKER' | 'MESOS') =>
      environment({ container: { type, docker, volumes: [] } }).MARATHON_APP_DOCKER_IMAGE;
    expect([image('DOCKER'), image('MESOS')]).toEqual(['nginx:1', undefined]);
  });

  it('say whether the group enforces its role, also when it changes', () => {
    const app = anApp();
    const enforced = (enforceGroupRole: boolean) =>
      buildTaskInfo({
        app,
        instanceId: 'i',
        taskId: 't',
        agentId: { value: 'S0' },
        hostname: 'n1',
        hostPorts: [],
        role: '*',
        random: new SeededRandom(1),
        enforceGroupRole,
      }).command?.environment?.variables.find(({ name }) => name === 'MARATHON_APP_ENFORCE_GROUP_ROLE')?.value;
    expect([enforced(true), enforced(false), enforced(true)]).toEqual(['TRUE', 'FALSE', 'TRUE']);
  });
});

describe('labels', () => {
  it('become variables with sanitised names', () => {
    const labels = { 'traefik.portIndex': '0', 'a--b..c': 'x', ünïcode: 'y', plain_1: 'z' };
    expect(environment({ labels })).toMatchObject({
      MARATHON_APP_LABELS: 'TRAEFIK_PORTINDEX A_B_C _N_CODE PLAIN_1',
      MARATHON_APP_LABEL_TRAEFIK_PORTINDEX: '0',
      MARATHON_APP_LABEL_A_B_C: 'x',
      MARATHON_APP_LABEL__N_CODE: 'y',
      MARATHON_APP_LABEL_PLAIN_1: 'z',
    });
  });

  it('that are too long are left out', () => {
    const labels = { ['k'.repeat(492)]: 'a', ['l'.repeat(493)]: 'b', long: 'v'.repeat(512), fits: 'v'.repeat(511) };
    const found = environment({ labels });
    expect(found.MARATHON_APP_LABELS).toBe(`${'K'.repeat(492)} FITS`);
    expect(found[`MARATHON_APP_LABEL_${'K'.repeat(492)}`]).toBe('a');
    expect(found).not.toHaveProperty('MARATHON_APP_LABEL_LONG');
  });
});

describe('ports', () => {
  it('without any declared there are no variables', () => {
    expect(portVariables({}, [])).toEqual({ HOST: 'n1' });
  });

  const cases: [string, Partial<AppDefinition>, (number | undefined)[], Record<string, string>][] = [
    [
      'definitions: by index, by declared number, by name',
      {
        portDefinitions: [
          { port: 10_000, protocol: 'tcp', name: 'default' },
          { port: 0, protocol: 'udp', name: 'http-api' },
        ],
      },
      [31_005, 31_002],
      {
        PORT: '31005',
        PORTS: '31005,31002',
        PORT0: '31005',
        PORT1: '31002',
        PORT_10000: '31005',
        PORT_31002: '31002',
        PORT_DEFAULT: '31005',
        'PORT_HTTP-API': '31002',
      },
    ],
    [
      'mappings: by container port, or by host port where that is 0',
      {
        networks: bridge,
        container: withMappings({ ...mapping, containerPort: 8080 }, { ...mapping, containerPort: 0, name: 'admin' }),
      },
      [31_000, 31_001],
      {
        PORT: '31000',
        PORTS: '31000,31001',
        PORT0: '31000',
        PORT1: '31001',
        PORT_8080: '31000',
        PORT_31001: '31001',
        PORT_ADMIN: '31001',
      },
    ],
    [
      'mappings without host port: the container port, left out of PORT and PORTS',
      {
        networks: containerNetwork,
        container: withMappings({ ...mapping, containerPort: 9000 }, { ...mapping, containerPort: 80, hostPort: 0 }),
      },
      [undefined, 31_000],
      { PORT: '31000', PORTS: '31000', PORT0: '9000', PORT1: '31000', PORT_9000: '9000', PORT_80: '31000' },
    ],
    [
      'container ports alone: PORTS is empty and PORT absent',
      { networks: containerNetwork, container: withMappings({ ...mapping, containerPort: 9000 }) },
      [undefined],
      { PORTS: '', PORT0: '9000', PORT_9000: '9000' },
    ],
    [
      'one port for udp,tcp',
      { portDefinitions: [{ port: 53, protocol: 'udp,tcp' }] },
      [31_053],
      { PORT: '31053', PORTS: '31053', PORT0: '31053', PORT_53: '31053' },
    ],
  ];

  it.each(cases)('%s', (_, changes, hostPorts, expected) => {
    expect(portVariables(changes, hostPorts)).toEqual({ HOST: 'n1', ...expected });
  });

  it('that nobody names are invented, after the assigned ones', () => {
    const container = withMappings({ ...mapping, containerPort: 0 }, { ...mapping, containerPort: 80, hostPort: 0 });
    const found = portVariables({ networks: containerNetwork, container }, [undefined, 31_000]);
    const invented = found.PORT0 ?? '';
    expect(Number(invented)).toBeGreaterThanOrEqual(1025);
    expect(Number(invented)).toBeLessThanOrEqual(65_535);
    expect(found).toEqual({
      HOST: 'n1',
      PORT: '31000',
      PORTS: `31000,${invented}`,
      PORT0: invented,
      PORT1: '31000',
      [`PORT_${invented}`]: invented,
      PORT_80: '31000',
    });
  });

  it('invented for several mappings differ', () => {
    const container = withMappings(...Array.from({ length: 50 }, () => ({ ...mapping, containerPort: 0 })));
    const hostPorts = Array.from({ length: 50 }, () => undefined);
    const ports = portVariables({ networks: containerNetwork, container }, hostPorts).PORTS?.split(',');
    expect(new Set(ports).size).toBe(50);
  });

  it('and HOST carry the prefix, nothing else does', () => {
    const changes: Partial<AppDefinition> = { portDefinitions: [{ port: 80, protocol: 'tcp', name: 'web' }] };
    const found = environment(changes, { hostPorts: [31_000], envPrefix: 'CUSTOM_' });
    const names = Object.keys(found).filter((name) => !name.startsWith('MARATHON_APP_'));
    expect(names.sort()).toEqual([
      'CUSTOM_HOST',
      'CUSTOM_PORT',
      'CUSTOM_PORT0',
      'CUSTOM_PORTS',
      'CUSTOM_PORT_80',
      'CUSTOM_PORT_WEB',
      'MESOS_TASK_ID',
    ]);
  });
});

describe("the app's own variables", () => {
  it('win over everything else', () => {
    const env = { HOST: 'mine', PORT0: '1', MARATHON_APP_ID: '/me', MESOS_TASK_ID: 'me', OTHER: '', PORT_31000: '2' };
    const found = environment({ env, portDefinitions: [{ port: 0, protocol: 'tcp' }] }, { hostPorts: [31_000] });
    expect(found).toMatchObject({ ...env, PORT: '31000' });
  });

  it('that are secrets go as references: their value is for the agent to find', () => {
    const secrets = { password: { source: '/db/password' } };
    expect(ownVariables({ PASSWORD: { secret: 'password' } }, secrets)).toEqual([
      { name: 'PASSWORD', type: 'SECRET', secret: { type: 'REFERENCE', reference: { name: '/db/password' } } },
    ]);
  });
});
