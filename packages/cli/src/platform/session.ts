/** What one command works with: its printer, the clients of the platform that it found, time and interruption. */
import type { Duplex } from 'node:stream';
import { assert, describeError, PlatformError, type Clock, type Timers } from '@stadion/base';
import type { PlatformAddresses } from '@stadion/contract';
import {
  createAgentClient,
  createEdgeClient,
  createMasterClient,
  createOrchestratorClient,
  type AgentClient,
  type EdgeClient,
  type Fetch,
  type MasterClient,
  type OrchestratorClient,
} from '@stadion/contract/client';
import type { StateSlave } from '@stadion/contract/mesos-state';
import { limits } from '../limits.ts';
import { FORMATS, Printer, type Format } from '../output/printer.ts';
import { usageError } from '../report-error.ts';
import { addressesOf, findLocalProcesses } from './platform-file.ts';
import type { CliPorts, Machine, Streams } from './ports.ts';

/** Options that every command has. */
export interface CommonOptions {
  readonly url?: string;
  readonly dataDir?: string;
  readonly output?: string;
  readonly quiet?: boolean;
  readonly secretFile?: string;
}

/** Where the orchestrator is, and who said so. */
export interface Location {
  readonly url: string;
  readonly source: '--url' | '--edge' | 'STADION_URL' | 'pid file' | 'default';
  /** What a person can do when nobody answers there, as a sentence. */
  readonly advice: string;
  /** Where its master is, when a file of the data directory says so. */
  readonly master: string | undefined;
}

/** Where the platform is when nobody says anything. */
const DEFAULT_EDGE_URL = 'http://127.0.0.1:9090';
const DEFAULT_URL = 'http://127.0.0.1:8080';
const DEFAULT_DATA_DIRECTORY = './.stadion';
const ADVICE =
  'Start the platform with: stadion up. If it runs elsewhere, say where: --url URL, STADION_URL or --data-dir.';
const ADVICE_BESIDE_PARTS =
  'Only a part of a cluster runs here. Say where one of its servers is: --url http://HOST:8080, or STADION_URL.';

/** One run of one command. */
export class Session {
  readonly ports: CliPorts;
  readonly printer: Printer;
  /** Where the platform keeps its state, as far as the command was told. */
  readonly dataDirectory: string;
  private readonly options: CommonOptions;
  private location: Promise<Location> | undefined;
  private client: Promise<OrchestratorClient> | undefined;
  private masterClient: Promise<MasterClient> | undefined;
  private shownSecret: Promise<string | undefined> | undefined;

  /** @param toYaml writes YAML, where that is wanted */
  constructor(ports: CliPorts, options: CommonOptions, toYaml?: (value: unknown) => string) {
    this.ports = ports;
    this.options = options;
    this.dataDirectory = options.dataDir ?? nonEmpty(ports.environment.STADION_DATA_DIR) ?? DEFAULT_DATA_DIRECTORY;
    this.printer = new Printer({
      format: FORMATS.find((format) => format === options.output) ?? ('table' satisfies Format),
      quiet: options.quiet ?? false,
      stdout: ports.stdout,
      stderr: ports.stderr,
      environment: ports.environment,
      toYaml,
    });
  }

  get time(): Clock & Timers {
    return this.ports.time;
  }

  get machine(): Machine {
    return this.ports.machine;
  }

  /** Finds the orchestrator: `--url`, `STADION_URL`, the pid file of the data directory, the conventional address. */
  locate(): Promise<Location> {
    this.location ??= this.findLocation();
    return this.location;
  }

  /** The orchestrator. */
  orchestrator(): Promise<OrchestratorClient> {
    this.client ??= this.locate().then(({ url, advice }) =>
      createOrchestratorClient({
        baseUrl: url,
        fetch: this.fetch,
        advice,
        userAgent: `stadion, ${this.ports.environment.USER ?? this.ports.environment.LOGNAME ?? 'somebody'}`,
      }),
    );
    return this.client;
  }

  /** The master: from the pid file, or else the one that the orchestrator names in `/v2/info`. */
  master(): Promise<MasterClient> {
    this.masterClient ??= this.findMaster();
    return this.masterClient;
  }

  /** Where the name server of the running platform is, as far as the data directory says. */
  async nameServer(): Promise<Pick<PlatformAddresses, 'dns' | 'dnsHttp'>> {
    return addressesOf(await findLocalProcesses(this.machine, this.dataDirectory));
  }

  /**
   * The edge: at the address that was given, that of the running platform, or the usual one.
   * @param address of its administration
   */
  async edge(address: string | undefined): Promise<EdgeClient> {
    const local = address === undefined ? await findLocalProcesses(this.machine, this.dataDirectory) : undefined;
    const found = local === undefined ? undefined : addressesOf(local).edgeAdmin;
    const baseUrl = address ?? nonEmpty(this.ports.environment.STADION_EDGE_URL) ?? found ?? DEFAULT_EDGE_URL;
    return createEdgeClient({ baseUrl: given(baseUrl, '--edge').url, fetch: this.fetch });
  }

  /** An agent that the master knows, by the address at which it listens; over TLS when the platform is reached so. */
  async agent(slave: StateSlave): Promise<AgentClient> {
    const address = slave.pid.slice(slave.pid.indexOf('@') + 1);
    return createAgentClient({
      baseUrl: `${new URL((await this.locate()).url).protocol}//${address}`,
      fetch: this.fetch,
    });
  }

  /** One call to the orchestrator's port beyond its typed client. @throws PlatformError with the platform's words */
  async callJson(method: string, path: string, body?: unknown): Promise<unknown> {
    const { url, advice } = await this.locate();
    const init =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const response = await this.fetch(`${url}${path}`, { method, ...init }).catch((error: unknown) => {
      throw new PlatformError('orchestrator-unreachable', `No orchestrator answers at ${url}. ${advice}`, {
        cause: error,
      });
    });
    const text = await response.text();
    const answer: unknown = text === '' ? undefined : JSON.parse(text);
    if (response.ok) return answer;
    const hasMessage = typeof answer === 'object' && answer !== null && 'message' in answer;
    throw new PlatformError(
      'refused',
      hasMessage ? String(answer.message) : `The platform answered ${response.status}.`,
    );
  }

  /** Opens a byte stream to a running task. @param what `exec` or `port`, and its query */
  async openTaskStream(taskId: string, what: string, protocol: string): Promise<Duplex> {
    const { url } = await this.locate();
    const authorization = await this.authorization();
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    return this.streams.upgrade(`${url}/v2/tasks/${encodeURIComponent(taskId)}/${what}`, protocol, headers);
  }

  get streams(): Streams {
    const { streams } = this.ports;
    assert(streams !== undefined, 'this command was given no streams');
    return streams;
  }

  /** Calls that take too long are given up; an event stream may stay open once it has begun. */
  readonly fetch: Fetch = async (url, init) => {
    const { signal } = init ?? {};
    const deadline = new AbortController();
    const timer = this.time.after(limits.callTimeoutMs, () => {
      deadline.abort(new Error(`no answer within ${limits.callTimeoutMs / 1000} s`));
    });
    try {
      const either = signal instanceof AbortSignal ? AbortSignal.any([signal, deadline.signal]) : deadline.signal;
      const headers = new Headers(init?.headers);
      const authorization = await this.authorization();
      if (authorization !== undefined) headers.set('authorization', authorization);
      return await this.ports.fetch(url, { ...init, headers, signal: either });
    } finally {
      timer.cancel();
    }
  };

  /** What shows the cluster's secret, when the command was given its file. */
  private authorization(): Promise<string | undefined> {
    this.shownSecret ??= this.readSecret();
    return this.shownSecret;
  }

  private async readSecret(): Promise<string | undefined> {
    const path = this.options.secretFile ?? nonEmpty(this.ports.environment.STADION_SECRET_FILE);
    if (path === undefined) return this.ownSecret();
    try {
      return shown(await this.machine.readFile(path, limits.secretBytes));
    } catch (error) {
      throw usageError(`The secret file ${path} cannot be read: ${describeError(error)}`);
    }
  }

  /** A platform of this folder that wants everybody to be known has left its secret there, for its owner to read. */
  private async ownSecret(): Promise<string | undefined> {
    if (this.options.url !== undefined || nonEmpty(this.ports.environment.STADION_URL) !== undefined) return undefined;
    const { alive } = await findLocalProcesses(this.machine, this.dataDirectory);
    if (alive.length === 0) return undefined;
    const path = `${this.dataDirectory}/${OWN_SECRET_FILE}`;
    const secret = await this.machine.readFile(path, limits.secretBytes).catch(() => undefined);
    return secret === undefined ? undefined : shown(secret);
  }

  private async findLocation(): Promise<Location> {
    if (this.options.url !== undefined) return given(this.options.url, '--url');
    // A data directory on the command line is more explicit than an address in the environment.
    const fromEnvironment = nonEmpty(this.ports.environment.STADION_URL);
    if (fromEnvironment !== undefined && this.options.dataDir === undefined) {
      return given(fromEnvironment, 'STADION_URL');
    }
    const local = await findLocalProcesses(this.machine, this.dataDirectory);
    const { orchestrator, master } = addressesOf(local);
    if (orchestrator !== undefined) return { url: orchestrator, source: 'pid file', advice: ADVICE, master };
    const location = given(DEFAULT_URL, 'default');
    if (local.alive.length > 0) return { ...location, advice: ADVICE_BESIDE_PARTS };
    if (local.dead.length === 0) return location;
    const where = this.dataDirectory === DEFAULT_DATA_DIRECTORY ? '' : ` --data-dir ${this.dataDirectory}`;
    // `stadion up` has all in one; beside a server's folder it would begin with nothing.
    const wasWhole = local.dead.some(
      ({ addresses: { master: led, agent } }) => led !== undefined && agent !== undefined,
    );
    const again = wasWhole ? `Start it again with: stadion up${where}` : 'Start it again as it was started before.';
    return { ...location, advice: `The platform of ${this.dataDirectory} has ended without being told to. ${again}` };
  }

  private async findMaster(): Promise<MasterClient> {
    const { master: known, url } = await this.locate();
    if (known !== undefined) return createMasterClient({ baseUrl: known, fetch: this.fetch });
    const info = await (await this.orchestrator()).info();
    const config = info.marathon_config;
    const master =
      typeof config === 'object' && config !== null && 'mesos_leader_ui_url' in config
        ? config.mesos_leader_ui_url
        : null;
    const fallback = new URL(url);
    fallback.port = '5050';
    const told = typeof master === 'string' && master !== '' ? master : fallback.origin;
    return createMasterClient({
      baseUrl: asReached(told, url),
      fetch: this.fetch,
    });
  }
}

/** Where the platform is reached over TLS, so is its master; and without it, where that is at the same host. */
function asReached(master: string, platform: string): string {
  if (platform.startsWith('https:')) return master.replace(/^http:/, 'https:');
  const isSameHost = URL.canParse(master) && new URL(master).hostname === new URL(platform).hostname;
  return isSameHost ? master.replace(/^https:/, 'http:') : master;
}

/** Where `--access-file` without `--secret-file` keeps the secret that the platform's own parts show each other. */
const OWN_SECRET_FILE = 'cluster-secret';

/** While the secret of a cluster is changed its file has two: the first line is the one to show. */
function shown(file: string): string {
  return `Bearer ${file.trim().split(/\s/, 1)[0] ?? ''}`;
}

function given(url: string, source: Location['source']): Location {
  const withScheme = /^https?:\/\//.test(url) ? url : `http://${url}`;
  if (!URL.canParse(withScheme)) {
    throw usageError(`'${url}' (${source}) is not an address. Give one such as ${DEFAULT_URL}`);
  }
  return { url: withScheme.replace(/\/+$/, ''), source, advice: ADVICE, master: undefined };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
