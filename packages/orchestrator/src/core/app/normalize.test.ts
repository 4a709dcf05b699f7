import type { AppInput } from '@stadion/contract/orchestrator';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normalizeApp } from './normalize.ts';
import { standardDefaults, type AppDefaults } from './spec.ts';
import { arbitraryInput, modernInput } from './testing/arbitrary-input.ts';
import { expectKept } from './testing/naive-canonical.ts';
import { demoApp } from '../task/testing/demo-app.ts';
import { makeApp, makeSpec } from './testing/make-app.ts';

const withNetwork: AppDefaults = { ...standardDefaults, networkName: 'weave' };

function refused(input: AppInput): readonly string[] {
  const normal = normalizeApp(input, '/app', undefined, standardDefaults);
  return normal.ok ? [] : normal.violations.map(({ path }) => path);
}

describe('defaults', () => {
  test('fills in everything that an app does not say', () => {
    expect(makeSpec({ id: 'web', cmd: 'sleep 1' })).toEqual({
      id: '/web',
      cmd: 'sleep 1',
      instances: 1,
      cpus: 1,
      mem: 128,
      disk: 0,
      gpus: 0,
      executor: '',
      portDefinitions: [{ port: 0, protocol: 'tcp', name: 'default' }],
      requirePorts: false,
      networks: [{ mode: 'host' }],
      upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
      backoffSeconds: 1,
      backoffFactor: 1.15,
      maxLaunchDelaySeconds: 300,
      killSelection: 'YOUNGEST_FIRST',
      unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
      labels: {},
      role: '*',
    });
  });

  test('fills in every time of a health check, with a delay only for those that Mesos runs', () => {
    const checks = makeSpec({
      healthChecks: [
        {},
        { protocol: 'MESOS_TCP' },
        { protocol: 'COMMAND', command: { value: 'true' } },
        { protocol: 'TCP', port: 80 },
      ],
    }).healthChecks;
    const times = { gracePeriodSeconds: 300, intervalSeconds: 60, timeoutSeconds: 20, maxConsecutiveFailures: 3 };
    expect(checks).toEqual([
      { protocol: 'HTTP', path: '/', portIndex: 0, ...times, ignoreHttp1xx: false },
      { protocol: 'MESOS_TCP', portIndex: 0, ...times, delaySeconds: 15, ipProtocol: 'IPv4' },
      { protocol: 'COMMAND', command: { value: 'true' }, ...times, delaySeconds: 15 },
      { protocol: 'TCP', port: 80, ...times },
    ]);
  });

  test('gives a health check no port index when the app has no port', () => {
    expect(makeSpec({ portDefinitions: [], healthChecks: [{}] }).healthChecks?.[0]).not.toHaveProperty('portIndex');
  });

  test('fills in readiness checks, and takes no codes for 200', () => {
    expect(makeSpec({ readinessChecks: [{ httpStatusCodesForReady: [] }] }).readinessChecks).toEqual([
      {
        name: 'readinessCheck',
        protocol: 'HTTP',
        path: '/',
        portName: 'http-api',
        intervalSeconds: 30,
        timeoutSeconds: 10,
        httpStatusCodesForReady: [200],
        preserveLastResponse: false,
      },
    ]);
  });

  test('gives an app with persistent volumes careful strategies', () => {
    const volumes = [{ containerPath: 'data', mode: 'RW' as const, persistent: { size: 1 } }];
    const spec = makeSpec({ container: { type: 'MESOS', volumes } });
    expect(spec.upgradeStrategy).toEqual({ minimumHealthCapacity: 0.5, maximumOverCapacity: 0 });
    expect(spec.unreachableStrategy).toBe('disabled');
    expect(spec.residency?.taskLostBehavior).toBe('WAIT_FOREVER');
    expect(spec.acceptedResourceRoles).toEqual(['*']);
  });

  test('gives an app with external volumes a careful upgrade, and nothing else of the kind', () => {
    const external = { name: 'data', provider: 'dvdi', options: { 'dvdi/driver': 'rexray' } };
    const spec = makeSpec({ container: { type: 'MESOS', volumes: [{ containerPath: '/d', mode: 'RW', external }] } });
    expect(spec.upgradeStrategy).toEqual({ minimumHealthCapacity: 0.5, maximumOverCapacity: 0 });
    expect(spec.unreachableStrategy).toEqual({ inactiveAfterSeconds: 0, expungeAfterSeconds: 0 });
    expect(spec).not.toHaveProperty('residency');
  });

  test('turns a partial executorResources into a whole one', () => {
    expect(makeSpec({ executorResources: { mem: 64 } }).executorResources).toEqual({ cpus: 0.1, mem: 64, disk: 10 });
  });
});

describe('deprecated forms', () => {
  const image = 'nginx';

  test('docker.network BRIDGE becomes a bridge network, and its port mappings move to the container', () => {
    const spec = makeSpec({
      container: { docker: { image, network: 'BRIDGE', portMappings: [{ containerPort: 80 }] } },
    });
    expect(spec.networks).toEqual([{ mode: 'container/bridge' }]);
    expect(spec.container).toEqual({
      type: 'DOCKER',
      docker: { image, forcePullImage: false, privileged: false, parameters: [] },
      volumes: [],
      portMappings: [{ containerPort: 80, hostPort: 0, servicePort: 0, protocol: 'tcp', labels: {} }],
    });
    expect(spec).not.toHaveProperty('portDefinitions');
  });

  test('docker.network HOST becomes the host network, and port mappings are dropped', () => {
    const spec = makeSpec({
      container: { docker: { image, network: 'HOST', portMappings: [{ containerPort: 80 }] } },
    });
    expect(spec.networks).toEqual([{ mode: 'host' }]);
    expect(spec.container).not.toHaveProperty('portMappings');
    expect(spec.portDefinitions).toHaveLength(1);
  });

  test('docker.network USER becomes a container network with the name from ipAddress', () => {
    const input: AppInput = { container: { docker: { image, network: 'USER' } }, ipAddress: { networkName: 'blue' } };
    expect(makeSpec(input).networks).toEqual([{ mode: 'container', name: 'blue' }]);
  });

  test('docker.network USER without a name takes the default network, or is refused when there is none', () => {
    const input: AppInput = { container: { docker: { image, network: 'USER' } } };
    expect(makeSpec(input, undefined, withNetwork).networks).toEqual([{ mode: 'container', name: 'weave' }]);
    expect(refused(input)).toEqual(['/networks(0)/name']);
  });

  test('docker.network NONE is refused', () => {
    expect(refused({ container: { docker: { image, network: 'NONE' } } })).toEqual(['/container/docker/network']);
  });

  test('ipAddress alone becomes a container network, and the container a Mesos one with the discovery ports', () => {
    const spec = makeSpec({
      cmd: 'run',
      ipAddress: {
        networkName: 'blue',
        labels: { a: 'b' },
        groups: ['g'],
        discovery: { ports: [{ number: 8080, name: 'http', protocol: 'tcp', labels: { l: 'v' } }] },
      },
    });
    expect(spec.networks).toEqual([{ mode: 'container', name: 'blue', labels: { a: 'b' } }]);
    expect(spec.container).toEqual({
      type: 'MESOS',
      volumes: [],
      portMappings: [{ containerPort: 8080, servicePort: 0, protocol: 'tcp', name: 'http', labels: { l: 'v' } }],
    });
  });

  test('ipAddress with the network mesos-bridge becomes a bridge network', () => {
    expect(makeSpec({ cmd: 'run', ipAddress: { networkName: 'mesos-bridge' } }).networks).toEqual([
      { mode: 'container/bridge' },
    ]);
  });

  test('discovery ports in a Docker container are refused', () => {
    const input: AppInput = {
      container: { docker: { image } },
      ipAddress: { networkName: 'blue', discovery: { ports: [{ number: 1 }] } },
    };
    expect(refused(input)).toEqual(['/ipAddress/discovery/ports']);
  });

  test('port mappings in both places are refused', () => {
    const input: AppInput = {
      networks: [{ mode: 'container/bridge' }],
      container: { docker: { image, portMappings: [{ containerPort: 1 }] }, portMappings: [{ containerPort: 2 }] },
    };
    expect(refused(input)).toEqual(['/container/docker/portMappings']);
  });

  test('ports become port definitions without names', () => {
    expect(makeSpec({ ports: [0, 80] }).portDefinitions).toEqual([
      { port: 0, protocol: 'tcp' },
      { port: 80, protocol: 'tcp' },
    ]);
  });

  test('an empty list of ports or port definitions means none', () => {
    expect(makeSpec({ ports: [] }).portDefinitions).toEqual([]);
    expect(makeSpec({ portDefinitions: [] }).portDefinitions).toEqual([]);
  });

  test('ports beside port definitions are accepted only with equal numbers', () => {
    expect(makeSpec({ ports: [80], portDefinitions: [{ port: 80, name: 'web' }] }).portDefinitions).toEqual([
      { port: 80, protocol: 'tcp', name: 'web' },
    ]);
    expect(refused({ ports: [81], portDefinitions: [{ port: 80 }] })).toEqual(['/ports']);
  });

  test('networks beside docker.network or ipAddress are refused', () => {
    const networks: AppInput['networks'] = [{ mode: 'host' }];
    expect(refused({ networks, container: { docker: { image, network: 'BRIDGE' } } })).toEqual(['/networks']);
    expect(refused({ networks, ipAddress: {} })).toEqual(['/networks']);
  });

  test('ports beside ipAddress are refused', () => {
    expect(refused({ ports: [1], ipAddress: { networkName: 'blue' } })).toEqual(['/ports']);
  });

  test('empty lists of the other form are no contradiction', () => {
    const spec = makeSpec({ cmd: 'run', ports: [], networks: [], ipAddress: { networkName: 'blue' } });
    expect(spec.networks).toEqual([{ mode: 'container', name: 'blue' }]);
    expect(spec.container?.portMappings).toEqual([]);
    expect(makeSpec({ networks: [], container: { docker: { image, network: 'BRIDGE' } } }).networks).toEqual([
      { mode: 'container/bridge' },
    ]);
  });

  test('ports on a network of its own stand for one port mapping each', () => {
    const networks: AppInput['networks'] = [{ mode: 'container/bridge' }];
    const plain = { containerPort: 0, hostPort: 0, servicePort: 0, protocol: 'tcp', labels: {} };
    const one = { containerPort: 80 };
    expect(makeSpec({ networks, ports: [0, 0] }).container?.portMappings).toEqual([plain, plain]);
    expect(makeSpec({ networks, ports: [0, 0], container: { type: 'MESOS', portMappings: [one] } }).container).toEqual({
      type: 'MESOS',
      volumes: [],
      portMappings: [{ ...plain, containerPort: 80 }, plain],
    });
  });

  test('a network of its own without container gets a Mesos container with one port', () => {
    expect(makeSpec({ cmd: 'run', networks: [{ mode: 'container/bridge' }] }).container).toEqual({
      type: 'MESOS',
      volumes: [],
      portMappings: [{ containerPort: 0, hostPort: 0, servicePort: 0, protocol: 'tcp', name: 'default', labels: {} }],
    });
  });

  test('a container network has no host port unless one is asked for', () => {
    const { container } = makeSpec({ networks: [{ name: 'blue' }] });
    expect(container?.portMappings?.[0]).not.toHaveProperty('hostPort');
  });

  test('requirePorts means nothing off the host network', () => {
    expect(makeSpec({ networks: [{ mode: 'container/bridge' }], requirePorts: true }).requirePorts).toBe(false);
  });

  test('uris become artifacts, archives to be extracted', () => {
    const uris = ['http://h/a.tar.gz', 'http://h/b.txt', 'http://h/c.zip'];
    expect(makeSpec({ uris }).fetch).toEqual([
      { uri: uris[0], extract: true, executable: false, cache: false },
      { uri: uris[1], extract: false, executable: false, cache: false },
      { uri: uris[2], extract: true, executable: false, cache: false },
    ]);
    expect(refused({ uris, fetch: [{ uri: 'http://h/d' }] })).toEqual(['/uris']);
  });

  test('constraint operators become upper case, and empty values vanish where none is needed', () => {
    const constraints = [
      ['hostname', 'unique', ''],
      ['rack', 'like', 'r1'],
    ];
    expect(makeSpec({ constraints }).constraints).toEqual([
      ['hostname', 'UNIQUE'],
      ['rack', 'LIKE', 'r1'],
    ]);
  });

  test('relative dependencies become absolute', () => {
    expect(makeSpec({ id: '/shop/web', dependencies: ['../db', 'cache', '/x'] }).dependencies).toEqual([
      '/shop/db',
      '/shop/cache',
      '/x',
    ]);
  });
});

test('an old descriptor for Docker becomes an app on a bridge network', () => {
  const spec = makeSpec(demoApp);
  expect(spec).toMatchObject({
    id: '/demo',
    env: { ZK_CONNECTION_STRING: 'zk-server1' },
    networks: [{ mode: 'container/bridge' }],
    container: { portMappings: [{ containerPort: 8080 }, { containerPort: 8081 }] },
    healthChecks: [{ portIndex: 1, path: '/healthcheck' }],
  });
  expect(spec.container?.docker).toEqual({
    image: 'santanusinha/docker-demo-service',
    forcePullImage: false,
    privileged: false,
    parameters: [],
  });
});

describe('partial updates', () => {
  const previous = makeApp({
    id: '/web',
    cmd: 'run',
    env: { A: '1' },
    labels: { a: 'b' },
    instances: 3,
    executorResources: { cpus: 1 },
    resourceLimits: { cpus: 2 },
  });

  test('what is absent keeps its value', () => {
    const spec = makeSpec({ cmd: 'other' }, previous);
    expect(spec).toMatchObject({ cmd: 'other', env: { A: '1' }, labels: { a: 'b' }, instances: 3 });
  });

  test('what is present replaces the old value as a whole', () => {
    expect(makeSpec({ labels: { c: 'd' } }, previous).labels).toEqual({ c: 'd' });
    expect(makeSpec({ env: {} }, previous)).not.toHaveProperty('env');
  });

  test('executor resources and resource limits are reset when absent', () => {
    const spec = makeSpec({ instances: 4 }, previous);
    expect(spec).not.toHaveProperty('executorResources');
    expect(spec).not.toHaveProperty('resourceLimits');
  });

  test('a container can be replaced without naming the networks again', () => {
    const bridged = makeApp({ id: '/b', container: { docker: { image: 'one', network: 'BRIDGE' } } });
    const spec = makeSpec({ container: { docker: { image: 'two' }, portMappings: [{ containerPort: 9 }] } }, bridged);
    expect(spec.networks).toEqual([{ mode: 'container/bridge' }]);
    expect(spec.container?.portMappings).toMatchObject([{ containerPort: 9, hostPort: 0 }]);
  });

  test('moving to a bridge network does not turn the old port definitions into mappings', () => {
    const host = makeApp({ id: '/h', cmd: 'run', ports: [1, 2, 3] });
    const spec = makeSpec({ networks: [{ mode: 'container/bridge' }] }, host);
    expect(spec.container?.portMappings).toMatchObject([{ name: 'default' }]);
    expect(spec).not.toHaveProperty('portDefinitions');
  });

  test('moving to the host network drops the mappings', () => {
    const bridged = makeApp({ id: '/b', container: { docker: { image: 'one', network: 'BRIDGE' } } });
    const spec = makeSpec({ networks: [{ mode: 'host' }] }, bridged);
    expect(spec.container).not.toHaveProperty('portMappings');
    expect(spec.portDefinitions).toHaveLength(1);
  });
});

describe('the canonical form', () => {
  test('has everything that was said, and the default of everything that was not', () => {
    fc.assert(
      fc.property(modernInput, (input) => {
        const normal = normalizeApp(input, '/a/b/app', undefined, withNetwork);
        fc.pre(normal.ok);
        expectKept(input, normal.value);
      }),
      { numRuns: 300 },
    );
  });

  test('is a fixed point', () => {
    fc.assert(
      fc.property(arbitraryInput, (input) => {
        const once = normalizeApp(input, '/a/b/app', undefined, withNetwork);
        fc.pre(once.ok);
        expect(normalizeApp(once.value, '/a/b/app', undefined, withNetwork)).toEqual(once);
      }),
      { numRuns: 500 },
    );
  });

  test('does not change by an empty update', () => {
    fc.assert(
      fc.property(arbitraryInput, (input) => {
        const once = normalizeApp(input, '/a/b/app', undefined, withNetwork);
        fc.pre(once.ok);
        const { executorResources: _executor, resourceLimits: _limits, ...kept } = once.value;
        const previous = { ...once.value, version: 'v', versionInfo: { lastScalingAt: 'v', lastConfigChangeAt: 'v' } };
        expect(normalizeApp({}, '/a/b/app', previous, withNetwork)).toEqual({ ok: true, value: kept });
      }),
    );
  });
});
