/** A real platform in a process of its own, on free ports and a folder of its own, for tests across rooms. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { delay, errorCode } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';

export const REPOSITORY = repositoryAbove(import.meta.dirname);
export const STADION = join(REPOSITORY, 'packages', 'cli', 'bin', 'stadion.js');
const POLL_MS = 25;
/** A busy machine takes its time to read a program. */
const START_MS_MAX = 90_000;
/** How long one call may take. */
const CALL_MS_MAX = 30_000;

/** What the agent offers: the same on every machine, with host ports that no platform of another worker hands out. */
export const FIRST_PORT = (await claimHundredPorts(20_000, 110)) + 1;
export const HOST_PORT_LAST = FIRST_PORT + 98;
const OFFERED = ['--resources', `cpus:8;mem:8192;disk:20000;ports:[${FIRST_PORT}-${HOST_PORT_LAST}]`];

/**
 * Claims a hundred ports among all processes of this machine that do the same, by listening on the first of them until
 * this process ends.
 * @param from where the first hundred begins
 * @param hundreds how many there are
 */
async function claimHundredPorts(from: number, hundreds: number): Promise<number> {
  for (let turn = 0; turn < hundreds; turn += 1) {
    const port = from + ((process.pid + turn) % hundreds) * 100;
    const claim = createServer().unref();
    const isOurs = await new Promise<boolean>((resolve) => {
      claim.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (isOurs) return port;
  }
  throw new Error(`No hundred ports from ${from} on are free: all are claimed by other processes.`);
}

/** The checkout that a folder is in: benchmarks run this file from where it was compiled to. */
function repositoryAbove(folder: string): string {
  return existsSync(join(folder, 'package-lock.json')) ? folder : repositoryAbove(join(folder, '..'));
}

/** Waits until `probe` gives something, asking again and again; rejects with `what` when it does not within the limit. */
export async function waitFor<Value>(
  what: string,
  probe: () => Promise<Value | undefined | false> | Value | undefined | false,
  limitMs = 20_000,
): Promise<Value> {
  const end = systemClock.monotonic() + limitMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (systemClock.monotonic() > end) throw new Error(`Waited ${limitMs} ms in vain until ${what}`);
    await delay(systemTimers, POLL_MS);
  }
}

/** An answer of the API: its status and its body, parsed where it is JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: ReturnType<typeof JSON.parse>;
}

/** What a finished process left behind. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What tests look at of a task. */
export interface TaskView {
  readonly id: string;
  readonly state: string;
  readonly host: string;
  readonly slaveId: string;
  readonly version: string;
  readonly ports: number[];
  readonly healthCheckResults: { readonly alive: boolean }[];
}

/** One running platform. */
export class RunningPlatform {
  /** Where everything of this platform is; its name has a space. */
  readonly folder: string;
  readonly dataDirectory: string;
  addresses = { orchestrator: '', master: '', agent: '', dns: '', dnsHttp: '', edgeHttp: '' };
  output = '';
  private child: ChildProcess | undefined;

  private constructor(folder: string) {
    this.folder = folder;
    this.dataDirectory = join(folder, 'data');
  }

  /** Starts one. @param flags further flags of `stadion up` */
  static async start(flags: readonly string[] = []): Promise<RunningPlatform> {
    const platform = new RunningPlatform(await mkdtemp(join(tmpdir(), 'stadion test ')));
    await platform.startAgain(flags);
    return platform;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Starts the platform on the same folder and waits until it is ready. */
  async startAgain(flags: readonly string[] = []): Promise<void> {
    const addressesFile = join(this.folder, 'addresses.json');
    await rm(addressesFile, { force: true });
    const child = spawn(process.execPath, [STADION, 'up', ...this.flags(addressesFile), ...flags], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    this.output = '';
    child.stdout.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    const text = await waitFor(
      'the platform is ready',
      async () => {
        if (child.exitCode !== null) throw new Error(`The platform ended with ${child.exitCode}: ${this.output}`);
        return readFile(addressesFile, 'utf8').catch((error: unknown) => {
          if (errorCode(error) === 'ENOENT') return undefined;
          throw error;
        });
      },
      START_MS_MAX,
    );
    this.addresses = JSON.parse(text);
  }

  private flags(addressesFile: string): readonly string[] {
    const free = ['orchestrator', 'master', 'agent', 'dns', 'dns-http'].flatMap((name) => [`--${name}-port`, '0']);
    // Draining and the edge's workers are time that most suites need not spend, and plain processes are the same
    // everywhere, root or not; flags given later win.
    const fast = ['--drain-seconds', '0', '--containerizers', 'posix', '--edge', 'off'];
    return ['--data-dir', this.dataDirectory, '--addresses-file', addressesFile, ...free, ...fast, ...OFFERED];
  }

  /** Sends a signal to the platform's process and waits for its end. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  /** Stops the platform with its tasks and removes its folder. */
  async dispose(): Promise<void> {
    await this.end('SIGUSR2');
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Calls the orchestrator. */
  call(method: string, path: string, body?: unknown): Promise<Answer> {
    return callJson(`${this.addresses.orchestrator}${path}`, method, body);
  }

  /** Runs a command of the CLI against this platform. */
  async cli(...words: string[]): Promise<Finished> {
    return run(process.execPath, [STADION, ...words], {
      cwd: this.folder,
      env: { ...process.env, STADION_URL: this.addresses.orchestrator, NO_COLOR: '1' },
    });
  }

  /** Waits until no deployment is under way. */
  async settled(limitMs = 20_000): Promise<void> {
    await waitFor(
      'all deployments are done',
      async () => (await this.call('GET', '/v2/deployments')).body.length === 0,
      limitMs,
    );
  }

  /** Ends every deployment where it is. */
  async cancelAll(): Promise<void> {
    const { body } = await this.call('GET', '/v2/deployments');
    for (const { id } of body) await this.call('DELETE', `/v2/deployments/${String(id)}?force=true`);
  }

  /** Changes something, insists on success, and waits until no deployment is under way. */
  async change(method: string, path: string, body?: unknown, limitMs = 20_000): Promise<Answer> {
    const answer = await this.call(method, path, body);
    if (answer.status >= 300) {
      throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    }
    await this.settled(limitMs);
    return answer;
  }

  /** Calls the master or the agent. */
  ask(role: 'master' | 'agent', path: string, method = 'GET'): Promise<Answer> {
    return callJson(`${this.addresses[role]}${path}`, method);
  }

  /** The folder in which a task runs, by asking the agent. */
  async sandboxOf(taskId: string): Promise<string> {
    const { body } = await this.ask('agent', '/state');
    for (const framework of body.frameworks) {
      for (const executor of [...framework.executors, ...framework.completed_executors]) {
        if (executor.id === taskId) return executor.directory;
      }
    }
    throw new Error(`the agent knows no ${taskId}`);
  }

  /** The running tasks of an app. */
  async tasks(appId: string): Promise<TaskView[]> {
    return (await this.call('GET', `/v2/apps${appId}/tasks`)).body.tasks;
  }
}

/** One HTTP call with a JSON body. A text is sent as it is. */
export async function callJson(
  url: string,
  method = 'GET',
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  // Who is frozen or cut off answers nobody.
  const deadline = new AbortController();
  const timer = systemTimers.after(CALL_MS_MAX, () => {
    deadline.abort(new Error(`${url} did not answer`));
  });
  try {
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      signal: deadline.signal,
      headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true && text !== '';
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  } finally {
    timer.cancel();
  }
}

/** Runs a program to its end. */
export function run(
  program: string,
  words: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}
