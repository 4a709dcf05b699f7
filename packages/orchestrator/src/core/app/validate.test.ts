import type { AppInput } from '@stadion/contract/orchestrator';
import { describe, expect, test } from 'vitest';
import { standardDefaults, type AppDefaults } from './spec.ts';
import { makeApp, makeSpec } from './testing/make-app.ts';
import { validateApp } from './validate.ts';

const defaults: AppDefaults = {
  ...standardDefaults,
  features: new Set(['gpu_resources', 'secrets', 'persistent_volumes', 'external_volumes'] as const),
};

function paths(input: AppInput, with_ = defaults): readonly string[] {
  return validateApp(makeSpec({ id: '/app', ...input }), undefined, with_).map(({ path }) => path);
}

const cmd = 'run';
const image = 'nginx';

test.each<[string, AppInput]>([
  ['a command', { cmd }],
  ['arguments', { args: ['/bin/sleep', '1'] }],
  ['an image alone', { container: { docker: { image } } }],
  ['the command executor by name', { cmd, executor: '//cmd' }],
  ['an executor of its own', { cmd, executor: '/opt/an executor' }],
  ['a check by command', { cmd, check: { exec: { command: { argv: ['test', '-e', 'well'] } } } }],
  ['a check of the first port', { cmd, check: { http: { path: '/' } } }],
  ['a Mesos container alone', { container: { type: 'MESOS' } }],
  ['a port that is required', { cmd, ports: [8080, 0], requirePorts: true }],
  [
    'every constraint',
    {
      cmd,
      constraints: [
        ['hostname', 'UNIQUE'],
        ['rack', 'CLUSTER', 'r1'],
        ['rack', 'GROUP_BY', '3'],
        ['rack', 'LIKE', 'r[12]'],
        ['rack', 'UNLIKE', 'r3'],
        ['rack', 'MAX_PER', '2'],
        ['rack', 'IS', 'r/1'],
      ],
    },
  ],
  ['the role of its top group', { id: '/g/app', cmd, role: 'g', acceptedResourceRoles: ['g', '*'] }],
  ['a secret', { cmd, env: { A: { secret: 's' } }, secrets: { s: { source: '/x' } } }],
  ['two container networks', { cmd, networks: [{ name: 'a' }, { name: 'b' }] }],
  ['an unlimited limit', { cmd, resourceLimits: { cpus: 'unlimited', mem: 128 } }],
  [
    'a single instance',
    {
      cmd,
      labels: { MARATHON_SINGLE_INSTANCE_APP: 'true' },
      upgradeStrategy: { minimumHealthCapacity: 0, maximumOverCapacity: 0 },
    },
  ],
  ['a readiness check on a named port', { cmd, portDefinitions: [{ name: 'http-api' }], readinessChecks: [{}] }],
  [
    'a persistent volume',
    {
      container: { type: 'MESOS', volumes: [{ containerPath: 'data', mode: 'RW', persistent: { size: 1 } }] },
    },
  ],
])('admits %s', (_what, input) => {
  expect(paths(input)).toEqual([]);
});

describe.each<[string, AppInput, string]>([
  ['neither cmd nor args', {}, '/'],
  ['both cmd and args', { cmd, args: ['x'] }, '/'],
  ['a command of one character', { cmd: 'x' }, '/cmd'],
  ['a NUL in the command', { cmd: 'a\0b' }, '/cmd'],
  ['a NUL in the environment', { cmd, env: { A: '\0' } }, '/env/A'],
  ['an empty environment name', { cmd, env: { '': 'x' } }, '/env'],
  ['an environment name with an equals sign', { cmd, env: { 'A=B': 'x' } }, '/env/A=B'],
  ['an unknown secret', { cmd, env: { A: { secret: 'constructor' } } }, '/env/A'],
  ['an executor that is no path', { cmd, executor: '//other' }, '/executor'],
  ['a quote in an executor', { cmd, executor: "/opt/x'y" }, '/executor'],
  ['checks beside an executor', { cmd, executor: '/opt/x', check: { tcp: { port: 80 } } }, '/executor'],
  ['a check of two kinds', { cmd, check: { http: {}, tcp: {} } }, '/check'],
  ['a check of no kind', { cmd, check: {} }, '/check'],
  ['a check on a port that is not there', { cmd, check: { tcp: { portIndex: 3 } } }, '/check/portIndex'],
  ['a check without ports', { cmd, ports: [], check: { http: {} } }, '/check'],
  [
    'a check in a Docker container',
    { container: { docker: { image } }, check: { exec: { command: { shell: 'true' } } } },
    '/check',
  ],
  ['a million cores', { cmd, cpus: 1e9 }, '/cpus'],
  ['absurd memory', { cmd, mem: 1e15 }, '/mem'],
  ['absurd disk', { cmd, disk: 1e15 }, '/disk'],
  ['too many instances', { cmd, instances: 2e6 }, '/instances'],
  ['a limit below the request', { cmd, resourceLimits: { cpus: 0.5 } }, '/resourceLimits/cpus'],
  ['GPUs in Docker', { gpus: 1, container: { docker: { image } } }, '/gpus'],
  ['a foreign role', { cmd, role: 'other' }, '/role'],
  ['no accepted role', { cmd, acceptedResourceRoles: [] }, '/acceptedResourceRoles'],
  ['a foreign accepted role', { cmd, acceptedResourceRoles: ['other'] }, '/acceptedResourceRoles'],
  [
    'inactive after expunge',
    { cmd, unreachableStrategy: { inactiveAfterSeconds: 2, expungeAfterSeconds: 1 } },
    '/unreachableStrategy/inactiveAfterSeconds',
  ],
  ['a climbing fetch target', { cmd, fetch: [{ uri: 'http://h/x', destPath: 'a/../../b' }] }, '/fetch(0)/destPath'],
  ['an artifact that is no URI', { cmd, fetch: [{ uri: 'http://h/a b' }] }, '/fetch(0)/uri'],
  ['ports that occur twice', { cmd, ports: [80, 80] }, '/portDefinitions'],
  ['port names that occur twice', { cmd, portDefinitions: [{ name: 'a' }, { name: 'a' }] }, '/portDefinitions'],
  [
    'host ports that occur twice',
    {
      container: { docker: { image, network: 'BRIDGE', portMappings: [{ hostPort: 80 }, { hostPort: 80 }] } },
    },
    '/container/portMappings',
  ],
  [
    'a bad port name',
    { networks: [{ name: 'n' }], container: { type: 'MESOS', portMappings: [{ name: 'A_b' }] } },
    '/container/portMappings(0)/name',
  ],
  [
    'a mapping for an unknown network',
    { networks: [{ name: 'n' }], container: { type: 'MESOS', portMappings: [{ networkNames: ['m'] }] } },
    '/container/portMappings(0)/networkNames',
  ],
  [
    'a host port on one of several networks',
    { networks: [{ name: 'n' }, { name: 'm' }], container: { type: 'MESOS', portMappings: [{ hostPort: 80 }] } },
    '/container/portMappings(0)/networkNames',
  ],
  ['host and bridge at once', { cmd, networks: [{ mode: 'host' }, { mode: 'container/bridge' }] }, '/networks'],
  ['two bridges', { cmd, networks: [{ mode: 'container/bridge' }, { mode: 'container/bridge' }] }, '/networks'],
  ['the same network twice', { cmd, networks: [{ name: 'n' }, { name: 'n' }] }, '/networks'],
  ['a name for the host network', { cmd, networks: [{ mode: 'host', name: 'n' }] }, '/networks(0)/name'],
  ['labels for the host network', { cmd, networks: [{ mode: 'host', labels: { a: 'b' } }] }, '/networks(0)/labels'],
  ['a Docker container without docker', { cmd, container: {} }, '/container/docker'],
  [
    'docker parameters in a Mesos container',
    { container: { type: 'MESOS', docker: { image, parameters: [{ key: 'a', value: 'b' }] } } },
    '/container/docker/parameters',
  ],
  [
    'a pull secret in a Docker container',
    { container: { docker: { image, pullConfig: { secret: 's' } } } },
    '/container/docker/pullConfig',
  ],
  [
    'a volume of no kind',
    { container: { docker: { image }, volumes: [{ containerPath: 'x', mode: 'RO' }] } },
    '/container/volumes(0)',
  ],
  [
    'a volume without mode',
    { container: { docker: { image }, volumes: [{ containerPath: 'x', hostPath: '/y' }] } },
    '/container/volumes(0)/mode',
  ],
  [
    'a persistent volume with a deep path',
    { container: { type: 'MESOS', volumes: [{ containerPath: 'a/b', mode: 'RW', persistent: { size: 1 } }] } },
    '/container/volumes(0)/containerPath',
  ],
  ['an unknown operator', { cmd, constraints: [['a', 'NEAR']] }, '/constraints(0)'],
  ['UNIQUE with a value', { cmd, constraints: [['a', 'UNIQUE', 'x']] }, '/constraints(0)'],
  ['GROUP_BY with a word', { cmd, constraints: [['a', 'GROUP_BY', 'x']] }, '/constraints(0)'],
  ['MAX_PER without a number', { cmd, constraints: [['a', 'MAX_PER']] }, '/constraints(0)'],
  ['LIKE without a value', { cmd, constraints: [['a', 'LIKE']] }, '/constraints(0)'],
  ['LIKE with a broken expression', { cmd, constraints: [['a', 'LIKE', '[']] }, '/constraints(0)'],
  [
    'more constraints than anybody can mean',
    { cmd, constraints: Array.from({ length: 101 }, () => ['a', 'IS', 'b']) },
    '/constraints',
  ],
  ['LIKE with an expression that grows', { cmd, constraints: [['a', 'LIKE', '(a{99}){99}']] }, '/constraints(0)'],
  ['LIKE with an endless expression', { cmd, constraints: [['a', 'LIKE', 'a'.repeat(600)]] }, '/constraints(0)'],
  ['IS with odd characters', { cmd, constraints: [['a', 'IS', 'a b']] }, '/constraints(0)'],
  [
    'a health check on a port that is not there',
    { cmd, healthChecks: [{ portIndex: 1 }] },
    '/healthChecks(0)/portIndex',
  ],
  ['a health check without ports', { cmd, ports: [], healthChecks: [{}] }, '/healthChecks(0)'],
  ['a health check on two ports', { cmd, healthChecks: [{ port: 80, portIndex: 0 }] }, '/healthChecks(0)'],
  ['a command check without command', { cmd, healthChecks: [{ protocol: 'COMMAND' }] }, '/healthChecks(0)/command'],
  [
    'a TCP check with a command',
    { cmd, healthChecks: [{ protocol: 'TCP', command: { value: 'x' } }] },
    '/healthChecks(0)/command',
  ],
  ['an IPv6 check outside Docker', { cmd, healthChecks: [{ ipProtocol: 'IPv6' }] }, '/healthChecks(0)/ipProtocol'],
  ['two Mesos checks', { cmd, healthChecks: [{ protocol: 'MESOS_TCP' }, { protocol: 'MESOS_HTTP' }] }, '/healthChecks'],
  [
    'two readiness checks',
    { cmd, portDefinitions: [{ name: 'http-api' }], readinessChecks: [{ name: 'a' }, { name: 'b' }] },
    '/readinessChecks',
  ],
  ['a readiness check on an unknown port', { cmd, readinessChecks: [{}] }, '/readinessChecks(0)/portName'],
  [
    'a readiness check slower than its interval',
    { cmd, portDefinitions: [{ name: 'http-api' }], readinessChecks: [{ intervalSeconds: 5, timeoutSeconds: 5 }] },
    '/readinessChecks(0)/timeoutSeconds',
  ],
  ['an app that is too large', { cmd, labels: { a: 'x'.repeat(600_000) } }, '/'],
])('%s', (_what, input, path) => {
  test(`is refused at ${path}`, () => {
    expect(paths(input)).toEqual([path]);
  });
});

test('a single instance app has one instance and never two during a change', () => {
  const labels = { MARATHON_SINGLE_INSTANCE_APP: 'true' };
  expect(paths({ cmd, labels, instances: 2 })).toEqual([
    '/instances',
    '/upgradeStrategy/minimumHealthCapacity',
    '/upgradeStrategy/maximumOverCapacity',
  ]);
});

test('an app keeps the role it has', () => {
  const previous = { ...makeApp({ id: '/app', cmd }), role: 'old' };
  expect(validateApp(makeSpec({}, previous), previous, defaults)).toEqual([]);
});

test.each<[AppInput, string]>([
  [
    { container: { type: 'MESOS', volumes: [{ containerPath: 'd', mode: 'RW', persistent: { size: 1 } }] } },
    '/container/volumes',
  ],
])('an ability that is switched off is named: %j', (input, path) => {
  expect(paths(input, { ...standardDefaults, features: new Set() })).toEqual([path]);
});

test('ten thousand short labels are admitted', () => {
  const labels = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`label-${String(index)}`, 'value']));
  expect(paths({ cmd, labels })).toEqual([]);
});

test('the size of a definition is counted in bytes, not in characters', () => {
  expect(paths({ cmd, labels: { a: '語'.repeat(150_000) } })).toEqual([]);
  expect(paths({ cmd, labels: { a: '語'.repeat(175_000) } })).toEqual(['/']);
});
