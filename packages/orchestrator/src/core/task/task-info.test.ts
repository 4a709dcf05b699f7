import { SeededRandom } from '@stadion/base';
import type { TaskInfo } from '@stadion/contract/mesos';
import { TaskInfo as TaskInfoSchema } from '@stadion/contract/mesos';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { Value } from '@sinclair/typebox/value';
import { describe, expect, it } from 'vitest';
import { normalizeApp } from '../app/normalize.ts';
import { standardDefaults } from '../app/spec.ts';
import { anApp } from '../placement/testing/builders.ts';
import { buildTaskInfo, type TaskInput } from './task-info.ts';
import { demoApp } from './testing/demo-app.ts';

const agentId = { value: 'S0' };

function build(changes: Partial<AppDefinition>, more: Partial<TaskInput> = {}): TaskInfo {
  const task = buildTaskInfo({
    app: anApp(changes),
    instanceId: 'web.instance-1',
    taskId: 'web.instance-1._app.1',
    agentId,
    hostname: 'n1',
    hostPorts: [],
    role: 'prod',
    random: new SeededRandom('task'),
    ...more,
  });
  expect([...Value.Errors(TaskInfoSchema, task)]).toEqual([]);
  return task;
}

/** Everything but the environment, which has tests of its own. */
function withoutEnvironment({ command, ...rest }: TaskInfo) {
  const { environment: _, ...program } = command ?? {};
  return { ...rest, command: program };
}

describe('buildTaskInfo', () => {
  it('makes a plain process of an app with a command', () => {
    expect(withoutEnvironment(build({ id: '/a/b/c', cpus: 0.5, mem: 64 }))).toEqual({
      name: 'c.b.a',
      task_id: { value: 'web.instance-1._app.1' },
      agent_id: agentId,
      resources: [
        { name: 'cpus', type: 'SCALAR', scalar: { value: 0.5 }, role: '*', allocation_info: { role: 'prod' } },
        { name: 'mem', type: 'SCALAR', scalar: { value: 64 }, role: '*', allocation_info: { role: 'prod' } },
      ],
      command: { shell: true, value: './run' },
      discovery: { visibility: 'FRAMEWORK', name: 'c.b.a' },
    });
  });

  it('launches an old descriptor for Docker', () => {
    const spec = normalizeApp(demoApp, '/demo', undefined, standardDefaults);
    if (!spec.ok) throw new Error('the demo app was refused');
    const { version, versionInfo } = anApp();
    const app = { ...spec.value, version, versionInfo };
    const launched = build({}, { app, hostPorts: [31_008, 31_002] });
    expect(withoutEnvironment(launched)).toEqual({
      name: 'demo',
      task_id: { value: 'web.instance-1._app.1' },
      agent_id: agentId,
      resources: [
        { name: 'cpus', type: 'SCALAR', scalar: { value: 0.5 }, role: '*', allocation_info: { role: 'prod' } },
        { name: 'mem', type: 'SCALAR', scalar: { value: 512 }, role: '*', allocation_info: { role: 'prod' } },
        {
          name: 'ports',
          type: 'RANGES',
          ranges: {
            range: [
              { begin: 31_002, end: 31_002 },
              { begin: 31_008, end: 31_008 },
            ],
          },
          role: '*',
          allocation_info: { role: 'prod' },
        },
      ],
      command: { shell: false },
      container: {
        type: 'DOCKER',
        docker: {
          image: 'santanusinha/docker-demo-service',
          network: 'BRIDGE',
          port_mappings: [
            { host_port: 31_008, container_port: 8080, protocol: 'tcp' },
            { host_port: 31_002, container_port: 8081, protocol: 'tcp' },
          ],
          privileged: false,
          parameters: [{ key: 'label', value: 'MESOS_TASK_ID=web.instance-1._app.1' }],
          force_pull_image: false,
        },
      },
      labels: {
        labels: [
          { key: 'traefik.portIndex', value: '0' },
          { key: 'traefik.enable', value: 'true' },
        ],
      },
      discovery: {
        visibility: 'FRAMEWORK',
        name: 'demo',
        ports: {
          ports: [
            { number: 31_008, protocol: 'tcp' },
            { number: 31_002, protocol: 'tcp' },
          ],
        },
      },
      health_checks: [
        {
          type: 'HTTP',
          http: { scheme: 'http', port: 31_002, path: '/healthcheck' },
          delay_seconds: 5,
          interval_seconds: 60,
          timeout_seconds: 20,
          grace_period_seconds: 300,
          consecutive_failures: 4,
          kill_on_failure: false,
          ignore_http_1xx: false,
        },
      ],
    });
    const variables = new Map(launched.command?.environment?.variables.map(({ name, value }) => [name, value]));
    expect(Object.fromEntries(variables)).toMatchObject({
      ZK_CONNECTION_STRING: 'zk-server1',
      PORT0: '31008',
      PORT_8081: '31002',
      PORTS: '31008,31002',
      MARATHON_APP_DOCKER_IMAGE: 'santanusinha/docker-demo-service',
      MARATHON_APP_LABELS: 'TRAEFIK_PORTINDEX TRAEFIK_ENABLE',
    });
  });

  it('joins neighbouring ports and names a shared one once', () => {
    const portDefinitions = [1, 2, 3, 4].map((port) => ({ port, protocol: 'tcp' as const }));
    const { resources } = build({ portDefinitions }, { hostPorts: [31_002, 31_000, 31_001, 31_001] });
    expect(resources.at(-1)?.ranges).toEqual({ range: [{ begin: 31_000, end: 31_002 }] });
  });

  it('asks for disk and gpus only where the app does', () => {
    expect(build({ disk: 5, gpus: 1 }).resources.map(({ name }) => name)).toEqual(['cpus', 'mem', 'disk', 'gpus']);
    expect(build({ mem: 0 }).resources.map(({ name }) => name)).toEqual(['cpus']);
  });

  it('turns the kill grace period into nanoseconds', () => {
    expect(build({ taskKillGracePeriodSeconds: 3 }).kill_policy).toEqual({ grace_period: { nanoseconds: 3e9 } });
  });

  it('shares what tasks of one app have in common', () => {
    const app = anApp({ labels: { a: 'b' } });
    const [one, other] = [build({}, { app }), build({}, { app })];
    expect(one.resources).toBe(other.resources);
    expect(one.labels).toBe(other.labels);
    expect(one.discovery).toBe(other.discovery);
    expect(one.agent_id).toBe(agentId);
  });

  it('charges the role of the offer even when it changes', () => {
    const app = anApp();
    const roles = ['a', 'b', 'a'].map((role) => build({}, { app, role }).resources[0]?.allocation_info?.role);
    expect(roles).toEqual(['a', 'b', 'a']);
  });
});

describe('commands', () => {
  const docker = { image: 'nginx', forcePullImage: true, privileged: true, parameters: [{ key: 'k', value: 'v' }] };

  function program(changes: Partial<AppDefinition>) {
    const { cmd: _, ...app } = anApp();
    return withoutEnvironment(build({}, { app: { ...app, ...changes } })).command;
  }

  it('args without an image name their program first', () => {
    expect(program({ args: ['ls', '-l'] })).toEqual({ shell: false, value: 'ls', arguments: ['ls', '-l'] });
  });

  it('args with an image replace its command and keep its entry point', () => {
    const container = { type: 'DOCKER' as const, docker, volumes: [] };
    expect(program({ args: ['-l'], container })).toEqual({ shell: false, arguments: ['-l'] });
    expect(program({ container })).toEqual({ shell: false });
  });

  it('run as the user and after the artifacts', () => {
    const fetch = [
      { uri: 'http://x/a.tgz', extract: true, executable: false, cache: true },
      { uri: 'file:///b', extract: false, executable: true, cache: false, destPath: 'bin/b', checksum: 'sha256:00' },
    ];
    expect(program({ cmd: 'go', user: 'nobody', fetch })).toEqual({
      shell: true,
      value: 'go',
      user: 'nobody',
      uris: [
        { value: 'http://x/a.tgz', extract: true, executable: false, cache: true },
        {
          value: 'file:///b',
          extract: false,
          executable: true,
          cache: false,
          output_file: 'bin/b',
          checksum: 'sha256:00',
        },
      ],
    });
  });
});

describe('containers', () => {
  const docker = { image: 'nginx', forcePullImage: true, privileged: true, parameters: [{ key: 'k', value: 'v' }] };
  const mapping = { protocol: 'tcp' as const, servicePort: 0, labels: {} };
  const volumes = [
    { containerPath: '/data', hostPath: '/srv', mode: 'RO' as const },
    { containerPath: 'state', persistent: { size: 5 } },
  ];

  it('of Docker on a named network publish what has a host port, per protocol', () => {
    const portMappings = [
      { ...mapping, containerPort: 53, hostPort: 0, protocol: 'udp,tcp' as const },
      { ...mapping, containerPort: 80 },
    ];
    const networks = [{ mode: 'container' as const, name: 'net', labels: { a: 'b' } }];
    const container = { type: 'DOCKER' as const, docker, volumes, portMappings };
    expect(build({ networks, container }, { hostPorts: [31_053, undefined] }).container).toEqual({
      type: 'DOCKER',
      docker: {
        image: 'nginx',
        network: 'USER',
        port_mappings: [
          { host_port: 31_053, container_port: 53, protocol: 'udp' },
          { host_port: 31_053, container_port: 53, protocol: 'tcp' },
        ],
        privileged: true,
        parameters: [
          { key: 'k', value: 'v' },
          { key: 'label', value: 'MESOS_TASK_ID=web.instance-1._app.1' },
        ],
        force_pull_image: true,
      },
      volumes: [{ mode: 'RO', container_path: '/data', host_path: '/srv' }],
      network_infos: [{ name: 'net', labels: { labels: [{ key: 'a', value: 'b' }] } }],
    });
  });

  it("of Docker on the host's network map no ports", () => {
    const container = { type: 'DOCKER' as const, docker, volumes: [] };
    const portDefinitions = [{ port: 80, protocol: 'tcp' as const }];
    const { container: found } = build({ container, portDefinitions }, { hostPorts: [31_000] });
    expect(found?.docker?.network).toBe('HOST');
    expect(found?.docker?.port_mappings).toBeUndefined();
  });

  it('of Mesos carry the image, and mappings on the networks they name', () => {
    const portMappings = [
      { ...mapping, containerPort: 80, hostPort: 0, networkNames: ['one'] },
      { ...mapping, containerPort: 0, hostPort: 0 },
    ];
    const networks = ['one', 'two'].map((name) => ({ mode: 'container' as const, name }));
    const container = { type: 'MESOS' as const, docker, volumes: [], portMappings };
    const first = { host_port: 31_000, container_port: 80, protocol: 'tcp' };
    const second = { host_port: 31_001, container_port: 31_001, protocol: 'tcp' };
    expect(build({ networks, container }, { hostPorts: [31_000, 31_001] }).container).toEqual({
      type: 'MESOS',
      mesos: { image: { type: 'DOCKER', docker: { name: 'nginx' }, cached: false } },
      network_infos: [
        { name: 'one', port_mappings: [first, second] },
        { name: 'two', port_mappings: [second] },
      ],
    });
  });

  it("of Mesos in bridge mode are on Marathon's bridge", () => {
    const container = { type: 'MESOS' as const, volumes: [], portMappings: [{ ...mapping, containerPort: 80 }] };
    const networks = [{ mode: 'container/bridge' as const }];
    expect(build({ networks, container }, { hostPorts: [31_000] }).container).toEqual({
      type: 'MESOS',
      network_infos: [
        { name: 'mesos-bridge', port_mappings: [{ host_port: 31_000, container_port: 80, protocol: 'tcp' }] },
      ],
    });
  });
});

describe('a terminal', () => {
  it('is wanted of the container, which an app without one then gets', () => {
    expect(build({ tty: true }).container).toEqual({ type: 'MESOS', tty_info: {} });
    const docker = { image: 'nginx', forcePullImage: false, privileged: false, parameters: [] };
    const container = { type: 'DOCKER' as const, docker, volumes: [] };
    expect(build({ tty: true, container }).container).toMatchObject({ type: 'DOCKER', tty_info: {} });
    expect(build({ tty: false }).container).toBeUndefined();
  });
});

describe('discovery', () => {
  it('names each port with its protocols and labels', () => {
    const portDefinitions = [{ port: 53, protocol: 'udp,tcp' as const, name: 'dns', labels: { VIP_0: '10.0.0.1:53' } }];
    const labels = { labels: [{ key: 'VIP_0', value: '10.0.0.1:53' }] };
    expect(build({ id: '/infra/dns', portDefinitions }, { hostPorts: [31_053] }).discovery).toEqual({
      visibility: 'FRAMEWORK',
      name: 'dns.infra',
      ports: {
        ports: [
          { number: 31_053, name: 'dns', protocol: 'udp', labels },
          { number: 31_053, name: 'dns', protocol: 'tcp', labels },
        ],
      },
    });
  });

  it('keeps dots and dashes of ids as they are', () => {
    expect(build({ id: '/a.b/c-d' }).name).toBe('c-d.a.b');
  });
});
