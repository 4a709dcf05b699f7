/**
 * The settings of everything that `stadion` starts, once: their type, flags, environment variables, keys in a config
 * file and defaults all derive from this schema. Precedence: flag, environment, file, default.
 */
import { Type, type Static, type TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { containerSettings } from './container-settings.ts';
import { dnsSettings } from './dns-settings.ts';
import { edgeSettings } from './edge-settings.ts';
import { stringEnum } from './string-enum.ts';
import { tlsSettings, zkTlsSettings } from './tls-settings.ts';

const port = (fallback: number, description: string) =>
  Type.Integer({ minimum: 0, maximum: 65535, default: fallback, valueName: 'port', description });

/** Everything that the platform is told when it starts. `valueName` is the word that help shows for the value. */
export const ServerConfig = Type.Object(
  {
    dataDir: Type.String({
      minLength: 1,
      default: './.stadion',
      valueName: 'dir',
      description: 'where state, sandboxes and logs are kept',
    }),
    orchestratorPort: port(8080, 'port of the orchestrator API and console (0: a free one)'),
    masterPort: port(5050, 'port of the master (0: a free one)'),
    agentPort: port(5051, 'port of the agent (0: a free one)'),
    bindAddress: Type.String({
      minLength: 1,
      default: '127.0.0.1',
      valueName: 'address',
      description: 'address to listen on',
    }),
    hostname: Type.Optional(
      Type.String({
        minLength: 1,
        valueName: 'name',
        description: 'name under which tasks and others reach this machine (default: the bind address)',
      }),
    ),
    clusterName: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 100,
        valueName: 'name',
        description:
          'what people call this cluster; shown by the console and in the answers of master and orchestrator',
      }),
    ),
    corsOrigins: Type.Optional(
      Type.String({
        minLength: 1,
        valueName: 'origins',
        description:
          "origins of web pages that may read the orchestrator's API, e.g. https://ui.example,https://wall.example (*: any)",
      }),
    ),
    addressesFile: Type.Optional(
      Type.String({ minLength: 1, valueName: 'file', description: 'write the real URLs there as JSON when ready' }),
    ),
    resources: Type.Optional(
      Type.String({
        minLength: 1,
        valueName: 'text',
        description:
          'what the agent offers, e.g. "cpus:4;mem:8192;ports:[31000-32000]", or a JSON list of resources, which may name disks ' +
          'of their own (default: what the machine has)',
      }),
    ),
    attributes: Type.Optional(
      Type.String({
        minLength: 1,
        valueName: 'text',
        description: 'facts about the agent for placement, e.g. "rack:a;level:10"',
      }),
    ),
    workDir: Type.Optional(
      Type.String({
        minLength: 1,
        valueName: 'dir',
        description: 'where the agent keeps sandboxes (default: <data-dir>/agent)',
      }),
    ),
    containerizers: Type.Optional(
      Type.String({
        minLength: 1,
        valueName: 'names',
        description:
          'what tasks run in, best first, of linux, docker and posix; plain commands take the first that works ' +
          '(default: linux,docker,posix)',
      }),
    ),
    secretsKeyFile: Type.Optional(
      Type.String({
        minLength: 1,
        valueName: 'file',
        description: 'key that secrets are sealed with, made when missing (default: <data-dir>/secrets.key)',
      }),
    ),
    dockerHost: Type.Optional(
      Type.String({
        minLength: 1,
        valueName: 'url',
        description: 'where the Docker daemon of this machine listens (default: DOCKER_HOST, else its usual socket)',
      }),
    ),
    region: Type.Optional(
      Type.String({ minLength: 1, valueName: 'name', description: 'the region that this machine stands in' }),
    ),
    zone: Type.Optional(
      Type.String({ minLength: 1, valueName: 'name', description: 'the zone of the region, e.g. a rack' }),
    ),
    secretFile: Type.Optional(
      Type.String({
        minLength: 1,
        valueName: 'file',
        description:
          'secret that others must show to reach this machine, made when missing; permits listening beyond loopback',
      }),
    ),
    ...tlsSettings,
    accessFile: Type.Optional(
      Type.String({
        minLength: 1,
        valueName: 'file',
        description:
          'who may do what: users, tokens and issuers of signed tokens with their grants, as JSON; everybody has to be ' +
          'known then, on this machine as well (stadion access makes its entries)',
      }),
    ),
    zk: Type.Optional(
      Type.String({
        minLength: 1,
        valueName: 'url',
        description: 'where several machines meet, e.g. zk://a:2181,b:2181,c:2181/stadion; zks://… by TLS',
      }),
    ),
    ...zkTlsSettings,
    zkSessionTimeout: Type.Integer({
      minimum: 1,
      maximum: 60,
      default: 6,
      valueName: 'seconds',
      description: 'how long a leader may be out of contact with ZooKeeper before another leads',
    }),
    server: Type.Optional(
      Type.String({
        minLength: 1,
        valueName: 'urls',
        description: 'masters of the cluster, e.g. http://10.0.0.1:5050,http://10.0.0.2:5050',
      }),
    ),
    ...containerSettings,
    ...dnsSettings,
    master: Type.Optional(
      Type.String({
        minLength: 1,
        valueName: 'urls',
        description:
          'masters of the cluster that gets names or apps, ours or Apache Mesos, e.g. http://10.0.0.1:5050,http://10.0.0.2:5050; or where they meet, e.g. zk://a:2181,b:2181,c:2181/mesos',
      }),
    ),
    orchestrator: Type.Optional(
      Type.String({
        minLength: 1,
        valueName: 'url',
        description: 'orchestrator of ours that says what serves, e.g. http://10.0.0.1:8080',
      }),
    ),
    store: Type.Unsafe<'lmdb' | 'memory'>({
      ...stringEnum(['lmdb', 'memory']),
      default: 'lmdb',
      valueName: 'kind',
      description: 'where state is kept: lmdb (on disk) or memory (gone at the end)',
    }),
    logLevel: Type.Unsafe<'debug' | 'info' | 'warn' | 'error' | 'silent'>({
      ...stringEnum(['debug', 'info', 'warn', 'error', 'silent']),
      default: 'info',
      valueName: 'level',
      description: 'how much the platform logs: debug, info, warn, error or silent',
    }),
    drainSeconds: Type.Integer({
      minimum: 0,
      maximum: 3600,
      default: 10,
      valueName: 'seconds',
      description: 'how long an instance that serves and is to go still runs, out of rotation (0: not at all)',
    }),
    ...edgeSettings,
    demo: Type.Boolean({ default: false, description: 'deploy the demo service' }),
    stopTasksOnExit: Type.Boolean({ default: false, description: 'stop all tasks when the platform ends' }),
  },
  { additionalProperties: false },
);
export type ServerConfig = Static<typeof ServerConfig>;

/**
 * What a process is started as: everything on one machine, the control plane, an agent, the name server, apps on somebody's
 * master, or an edge.
 */
export type PlatformRole = 'up' | 'server' | 'agent' | 'dns' | 'orchestrator' | 'edge';

/** Settings that are not for every role; whatever is not listed is. */
const ROLES_OF_SETTINGS: Readonly<Partial<Record<keyof ServerConfig, readonly PlatformRole[]>>> = {
  orchestratorPort: ['up', 'server', 'orchestrator'],
  clusterName: ['up', 'server', 'orchestrator'],
  corsOrigins: ['up', 'server', 'orchestrator'],
  masterPort: ['up', 'server'],
  agentPort: ['up', 'agent'],
  resources: ['up', 'agent'],
  attributes: ['up', 'agent'],
  region: ['up', 'agent'],
  zone: ['up', 'agent'],
  workDir: ['up', 'agent'],
  containerizers: ['up', 'agent'],
  zk: ['server', 'agent', 'dns'],
  ...Object.fromEntries(Object.keys(zkTlsSettings).map((name) => [name, ['server', 'agent', 'dns', 'orchestrator']])),
  zkSessionTimeout: ['server', 'agent', 'dns'],
  server: ['agent', 'edge'],
  ...Object.fromEntries(Object.keys(dnsSettings).map((name) => [name, ['up', 'dns']])),
  dnsUrl: ['server', 'orchestrator'],
  master: ['dns', 'orchestrator'],
  orchestrator: ['dns'],
  store: ['up', 'orchestrator'],
  drainSeconds: ['up', 'server', 'orchestrator'],
  ...Object.fromEntries(Object.keys(containerSettings).map((name) => [name, ['up', 'agent']])),
  ...Object.fromEntries(Object.keys(edgeSettings).map((name) => [name, ['up', 'edge']])),
  edgeUrl: ['server', 'orchestrator'],
  marathon: ['edge'],
  demo: ['up'],
  stopTasksOnExit: ['up', 'agent'],
};

/** One setting as a command line and an environment know it. */
export interface ServerOption {
  /** The key in {@link ServerConfig} and in a config file, e.g. `orchestratorPort`. */
  readonly name: keyof ServerConfig;
  /** Without the dashes, e.g. `orchestrator-port`. */
  readonly flag: string;
  /** E.g. `STADION_ORCHESTRATOR_PORT`. */
  readonly environment: string;
  /** Absent for a switch. */
  readonly valueName: string | undefined;
  readonly description: string;
  readonly defaultValue: string | number | boolean | undefined;
  /** Which roles have it. */
  readonly roles: readonly PlatformRole[];
}

/** Every setting, in the order in which help shows them. */
export const serverOptions: readonly ServerOption[] = (
  Object.keys(ServerConfig.properties) as (keyof ServerConfig)[]
).map((name) => {
  const schema: TSchema = ServerConfig.properties[name];
  const words = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return {
    name,
    flag: words,
    environment: `STADION_${words.replaceAll('-', '_').toUpperCase()}`,
    valueName: typeof schema.valueName === 'string' ? schema.valueName : undefined,
    description: schema.description ?? '',
    defaultValue: schema.default as string | number | boolean | undefined,
    roles: ROLES_OF_SETTINGS[name] ?? ['up', 'server', 'agent', 'dns', 'orchestrator', 'edge'],
  };
});

/** Where settings come from. `flags` and `file` are keyed by {@link ServerOption.name}; `file` may use flag names too. */
export interface ServerConfigSources {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The parsed config file, if there is one. */
  readonly file?: unknown;
}

/** The settings, or one sentence per thing that is wrong. */
export type ServerConfigOutcome =
  { readonly ok: true; readonly config: ServerConfig } | { readonly ok: false; readonly problems: readonly string[] };

/** Puts the settings together: flag over environment over file over default. */
export function resolveServerConfig(sources: ServerConfigSources): ServerConfigOutcome {
  const problems: string[] = [];
  const file = readFileKeys(sources.file, problems);
  const config: Record<string, unknown> = {};
  for (const option of serverOptions) {
    const candidates = [
      { origin: `--${option.flag}`, value: sources.flags[option.name] },
      { origin: option.environment, value: emptyAsAbsent(sources.environment[option.environment]) },
      { origin: `'${option.name}' in the config file`, value: file[option.name] },
    ];
    const given = candidates.find((candidate) => candidate.value !== undefined && candidate.value !== null);
    if (given === undefined) {
      if (option.defaultValue !== undefined) config[option.name] = option.defaultValue;
      continue;
    }
    const schema: TSchema = ServerConfig.properties[option.name];
    const value = typeof given.value === 'string' ? fromText(schema, given.value) : given.value;
    if (Value.Check(schema, value)) config[option.name] = value;
    else problems.push(`${given.origin} must be ${expectation(schema)}, not ${JSON.stringify(given.value)}`);
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, config: Value.Decode(ServerConfig, config) };
}

function readFileKeys(file: unknown, problems: string[]): Readonly<Record<string, unknown>> {
  if (file === undefined || file === null) return {};
  if (typeof file !== 'object' || Array.isArray(file)) {
    problems.push('the config file must be an object of settings');
    return {};
  }
  const keys: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(file)) {
    const option = serverOptions.find((candidate) => candidate.name === key || candidate.flag === key);
    if (option === undefined) problems.push(`the config file has an unknown setting '${key}'`);
    else keys[option.name] = value;
  }
  return keys;
}

const SWITCH_WORDS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  '1': true,
  false: false,
  no: false,
  off: false,
  '0': false,
};

function fromText(schema: TSchema, text: string): unknown {
  if (schema.type === 'integer') return /^\d{1,9}$/.test(text) ? Number(text) : text;
  if (schema.type === 'number') return /^(\d{1,9}(\.\d{1,9})?|\.\d{1,9})$/.test(text) ? Number(text) : text;
  if (schema.type === 'boolean') return SWITCH_WORDS[text.toLowerCase()] ?? text;
  return text;
}

function expectation(schema: TSchema): string {
  if (schema.type === 'integer') return `a whole number from ${String(schema.minimum)} to ${String(schema.maximum)}`;
  if (schema.type === 'number') return `a number from ${String(schema.minimum)} to ${String(schema.maximum)}`;
  if (schema.type === 'boolean') return 'true or false';
  if (schema.pattern !== undefined) return `of the form ${String(schema['valueName'])}`;
  const choices = (schema.anyOf as { const: string }[] | undefined)?.map((choice) => choice.const);
  return choices === undefined ? 'a text that is not empty' : `one of ${choices.join(', ')}`;
}

function emptyAsAbsent(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
