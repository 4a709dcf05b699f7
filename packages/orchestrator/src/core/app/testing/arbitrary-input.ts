/** Apps as people might send them, modern and deprecated forms mixed, for property tests. */
import type { AppInput } from '@stadion/contract/orchestrator';
import fc from 'fast-check';

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,7}$/);
const port = fc.integer({ min: 0, max: 65535 });
const labels = fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 });
const protocol = fc.constantFrom('tcp', 'udp', 'udp,tcp');
const optional = { requiredKeys: [] };

const mapping = fc.record({ containerPort: port, hostPort: port, servicePort: port, protocol, name, labels }, optional);
const definition = fc.record({ port, protocol, name, labels }, optional);
const healthCheck = fc.record(
  {
    protocol: fc.constantFrom('HTTP', 'HTTPS', 'TCP', 'COMMAND', 'MESOS_HTTP', 'MESOS_HTTPS', 'MESOS_TCP'),
    path: fc.string(),
    portIndex: fc.nat(3),
    port,
    command: fc.record({ value: fc.string({ minLength: 1 }) }),
    delaySeconds: fc.nat(100),
    ignoreHttp1xx: fc.boolean(),
    ipProtocol: fc.constantFrom('IPv4', 'IPv6'),
  },
  optional,
);

const volume = fc.oneof(
  fc.record({ containerPath: name, hostPath: name, mode: fc.constantFrom('RO', 'RW') }),
  fc.record({ containerPath: name, secret: name }),
  fc.record({
    containerPath: name,
    mode: fc.constant('RW'),
    persistent: fc.record(
      { size: fc.integer({ min: 1 }), type: fc.constantFrom('root', 'mount') },
      { requiredKeys: ['size'] },
    ),
  }),
  fc.record({ containerPath: name, mode: fc.constant('RO'), external: fc.constant({ name: 'v', provider: 'csi' }) }),
);

/** Well-shaped input, all forms mixed: mostly full of contradictions. */
const mixedInput = fc.record(
  {
    cmd: fc.string({ minLength: 1 }),
    args: fc.array(fc.string(), { maxLength: 3 }),
    env: fc.dictionary(name, fc.oneof(fc.string(), fc.record({ secret: name })), { maxKeys: 3 }),
    instances: fc.nat(100),
    labels,
    ports: fc.array(port, { maxLength: 3 }),
    portDefinitions: fc.array(definition, { maxLength: 3 }),
    requirePorts: fc.boolean(),
    networks: fc.array(
      fc.record({ mode: fc.constantFrom('host', 'container', 'container/bridge'), name, labels }, optional),
      { maxLength: 2 },
    ),
    container: fc.record(
      {
        type: fc.constantFrom('DOCKER', 'MESOS'),
        docker: fc.record(
          {
            image: name,
            network: fc.constantFrom('BRIDGE', 'HOST', 'USER', 'NONE'),
            portMappings: fc.array(mapping, { maxLength: 2 }),
            privileged: fc.boolean(),
          },
          { requiredKeys: ['image'] },
        ),
        volumes: fc.array(volume, { maxLength: 2 }),
        portMappings: fc.array(mapping, { maxLength: 3 }),
      },
      optional,
    ),
    ipAddress: fc.record(
      {
        networkName: fc.oneof(name, fc.constant('mesos-bridge')),
        labels,
        discovery: fc.record({
          ports: fc.array(fc.record({ number: port, name, protocol: fc.string() }, { requiredKeys: ['number'] }), {
            maxLength: 2,
          }),
        }),
      },
      optional,
    ),
    healthChecks: fc.array(healthCheck, { maxLength: 3 }),
    readinessChecks: fc.array(
      fc.record({ name, httpStatusCodesForReady: fc.array(fc.integer({ min: 100, max: 599 })) }, optional),
      {
        maxLength: 1,
      },
    ),
    uris: fc.array(fc.webUrl(), { maxLength: 2 }),
    fetch: fc.array(fc.record({ uri: fc.webUrl(), extract: fc.boolean() }, { requiredKeys: ['uri'] }), {
      maxLength: 2,
    }),
    constraints: fc.array(
      fc.oneof(
        fc.tuple(name, fc.constantFrom('unique', 'GROUP_BY', 'Like')),
        fc.tuple(name, fc.constant('like'), name),
      ),
      { maxLength: 2 },
    ),
    dependencies: fc.array(fc.constantFrom('../db', '/a/b', 'c', '../../x'), { maxLength: 3 }),
    check: fc.oneof(
      fc.constant({ exec: { command: { shell: 'true' } } }),
      fc.record({ http: fc.record({ path: fc.constant('/c') }, optional), intervalSeconds: fc.constantFrom(1, 9) }),
      fc.constant({ tcp: { portIndex: 0 }, delaySeconds: 0 }),
    ),
    executorResources: fc.record({ cpus: fc.constantFrom(0.1, 1), mem: fc.constantFrom(32, 64) }, optional),
    resourceLimits: fc.record(
      { cpus: fc.constantFrom(2, 'unlimited' as const), mem: fc.constantFrom(512, 1024) },
      optional,
    ),
    taskKillGracePeriodSeconds: fc.nat(100),
    unreachableStrategy: fc.constantFrom('disabled' as const, { inactiveAfterSeconds: 1, expungeAfterSeconds: 2 }),
    acceptedResourceRoles: fc.array(fc.constantFrom('*', 'web'), { maxLength: 2 }),
    secrets: fc.dictionary(name, fc.record({ source: name }), { maxKeys: 2 }),
    tty: fc.boolean(),
    killSelection: fc.constantFrom('YOUNGEST_FIRST', 'OLDEST_FIRST'),
    upgradeStrategy: fc.constantFrom(
      { minimumHealthCapacity: 0.5, maximumOverCapacity: 0.2 },
      { minimumHealthCapacity: 1, maximumOverCapacity: 0, canary: { instances: 1 } },
    ),
    backoffFactor: fc.constantFrom(1, 2.5),
    maxLaunchDelaySeconds: fc.nat(1000),
  },
  optional,
) as fc.Arbitrary<AppInput>;

/** Takes members out that contradict others: what is left is in one of the forms that an app had over the years. */
function inOneForm(input: AppInput, form: 'modern' | 'docker' | 'address' | 'mixed'): AppInput {
  const { uris, ports, ipAddress, networks, portDefinitions, fetch, container, ...common } = input;
  const { docker, portMappings, ...box } = container ?? {};
  const { network, portMappings: dockerMappings, ...image } = docker ?? {};
  const given = <Value>(name: string, value: Value | undefined) => (value === undefined ? {} : { [name]: value });
  const boxOf = (more: object): object => (container === undefined ? {} : { container: { ...box, ...more } });
  switch (form) {
    case 'modern': {
      const modern = docker === undefined ? {} : { docker: image };
      const inside = boxOf({ ...modern, ...given('portMappings', portMappings) });
      const ownPorts = { ...given('networks', networks), ...given('portDefinitions', portDefinitions) };
      return { ...common, ...given('fetch', fetch), ...ownPorts, ...inside };
    }
    case 'docker': {
      const old = {
        ...image,
        ...given('network', network === 'NONE' ? 'BRIDGE' : network),
        ...given('portMappings', dockerMappings),
      };
      const inside = docker === undefined ? {} : { container: { ...box, docker: old } };
      return { ...common, ...given('uris', uris), ...given('ports', ports), ...inside } as AppInput;
    }
    case 'address':
      return {
        ...common,
        ...given('uris', uris),
        ...given('ipAddress', ipAddress),
        ...boxOf({ type: 'MESOS' }),
      };
    case 'mixed':
      return input;
  }
}

/** Input in today's form only. */
export const modernInput: fc.Arbitrary<AppInput> = mixedInput.map((input) => inOneForm(input, 'modern'));

/** One member only: the smallest update. */
export const smallUpdate: fc.Arbitrary<AppInput> = fc.tuple(modernInput, fc.nat()).map(([input, at]) => {
  const members = Object.entries(input);
  const chosen = members[at % Math.max(1, members.length)];
  return chosen === undefined ? {} : Object.fromEntries([chosen]);
});

/** Well-shaped input; not always free of contradictions. */
export const arbitraryInput: fc.Arbitrary<AppInput> = fc
  .tuple(mixedInput, fc.constantFrom('modern', 'modern', 'docker', 'address', 'mixed'))
  .map(([input, form]) => inOneForm(input, form));
