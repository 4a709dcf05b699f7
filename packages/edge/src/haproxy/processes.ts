/** The processes of HAProxy: one that serves, those before it that finish what they have, and reloads from one to the next. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { describeError, type Clock, type Logger, type Timers } from '@stadion/base';
import { ownPages, pageOf, renderConfiguration, type ConfigurationSettings } from '../core/haproxy/configuration.ts';
import { FRONTS, type FastPath, type Front, type Touched } from '../core/haproxy/fast-path.ts';
import { Running } from '../core/haproxy/running.ts';
import type { AccessLogFormat } from '../embedded/access-log.ts';
import type { CertificatePair } from '../embedded/certificates.ts';
import type { EntryPointSettings } from '../embedded/entry-point.ts';
import { limits } from '../limits.ts';
import { Generation, check } from './generation.ts';
import type { PrivateFolder } from './private-folder.ts';
import { command } from './runtime-socket.ts';

/** What they are made with. */
export interface ProcessesParts {
  readonly program: string;
  readonly folder: PrivateFolder;
  readonly hostname: string;
  readonly trustedProxies: readonly string[];
  readonly proxyProtocolFrom: readonly string[];
  readonly accessLog: AccessLogFormat;
  readonly tracesRatio: number | undefined;
  readonly drainMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  readonly fastPath: FastPath;
  /** With their real ports. */
  readonly entryPoints: readonly EntryPointSettings[];
  readonly isPassedOn: (front: Front) => boolean;
  readonly certificates: () => readonly CertificatePair[];
  readonly onLine: (line: string) => void;
  readonly onProblem: (message: string) => void;
  /** Before a process is left for the next one. */
  readonly onSwitch: () => Promise<void>;
}

const RESTART_DELAY_MS = 500;

/** The processes. */
export class Processes {
  current: Generation | undefined;
  /** The last configuration that was good. */
  configuration = '';
  private readonly parts: ProcessesParts;
  private next: Generation | undefined;
  private readonly finishing = new Set<Generation>();
  private sequence = 0;
  private reloading: Promise<void> | undefined;
  private again: Promise<void> | undefined;
  private scheduled: Promise<void> | undefined;
  private isStopping = false;
  private lastDurationMs = 0;

  constructor(parts: ProcessesParts) {
    this.parts = parts;
  }

  /** Starts the first one. @throws PlatformError when it does not start */
  async start(): Promise<void> {
    const directory = this.parts.folder.path;
    await mkdir(join(directory, 'pages'), { recursive: true, mode: 0o700 });
    for (const [status, sent] of ownPages) {
      await writeFile(join(directory, 'pages', `${String(status)}.http`), pageOf(status, sent));
    }
    await this.exchange();
  }

  /** Follows a change of the share while it runs. Resolves when it is in effect. */
  async follow(touched: Touched): Promise<void> {
    const generations = [this.current, this.next].flatMap((generation) => generation ?? []);
    const outcomes = generations.map((generation) => {
      const { commands, isStale } = generation.running.follow(this.parts.fastPath, touched);
      return { isStale, told: generation.tell(commands) };
    });
    // The newest one says whether a reload would bring anything.
    if (outcomes.at(-1)?.isStale === true) this.schedule();
    await Promise.all(outcomes.map(({ told }) => told));
  }

  /** Puts a new process in the place of the one that serves. One that is asked for meanwhile follows after. */
  reload(): Promise<void> {
    if (this.reloading === undefined) {
      this.reloading = this.exchange()
        .catch((error: unknown) => this.parts.onProblem(`HAProxy could not be reloaded: ${describeError(error)}`))
        .finally(() => {
          this.reloading = undefined;
        });
      return this.reloading;
    }
    this.again ??= this.reloading.then(() => {
      this.again = undefined;
      return this.reload();
    });
    return this.again;
  }

  /** Resolves when no reload is due or under way. */
  async caughtUp(): Promise<void> {
    while (this.scheduled !== undefined || this.reloading !== undefined) {
      await this.scheduled;
      await this.reloading;
    }
  }

  pids(): readonly number[] {
    return [this.current, ...this.finishing].flatMap((generation) => generation?.pid ?? []);
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    await this.reloading;
    // A process that takes nothing new says of its backends that they have no servers.
    if (this.current !== undefined && !this.current.hasExited) await this.leave(this.current);
    await Promise.all([...this.finishing].map((generation) => generation.end(this.parts.drainMs)));
  }

  /** A reload is never urgent: the workers carry what HAProxy does not know yet. */
  private schedule(): void {
    if (this.isStopping) return;
    this.scheduled ??= this.wait().then(() => {
      this.scheduled = undefined;
      if (this.isStopping) return;
      if (this.finishing.size >= limits.finishingProcesses) this.schedule();
      else void this.reload();
    });
  }

  private wait(): Promise<void> {
    const delayMs = Math.max(limits.reloadDelayMs, this.lastDurationMs * limits.reloadShare);
    return new Promise((resolve) => {
      this.parts.timers.after(delayMs, resolve);
    });
  }

  private async exchange(): Promise<void> {
    if (this.isStopping) return;
    const { parts } = this;
    const startedAt = parts.clock.monotonic();
    this.sequence += 1;
    const folder = join(parts.folder.path, String(this.sequence));
    await mkdir(folder, { mode: 0o700 });
    const settings = this.settings(folder);
    await writeCertificates(folder, settings.certificateList, parts.certificates());
    // What is written is what the process will have; all changes from here on are told to it once it is up.
    const running = new Running(parts.fastPath, settings.mapPaths);
    const text = renderConfiguration(parts.fastPath, running, settings);
    const maps = FRONTS.map((front) => [settings.mapPaths[front], running.mapLines(front)] as const);
    const before = this.current;
    const configuration = join(folder, 'haproxy.cfg');
    const generation = new Generation({
      ...{ program: parts.program, configuration, socket: settings.runtimeSocket, before: before?.socket, running },
      descriptors: descriptorsOf(parts.entryPoints),
      frontends: settings.fronts.map(({ front }) => front),
      ...{ timers: parts.timers, onLine: parts.onLine, onRefused: (said) => this.refused(said) },
    });
    this.next = generation;
    try {
      for (const [path, lines] of maps) await writeFile(path, lines.map((line) => `${line}\n`).join(''));
      await writeFile(configuration, text, { mode: 0o600 });
      const problem = await check(parts.program, configuration, descriptorsOf(parts.entryPoints));
      if (problem !== undefined) throw new Error(`its configuration is not good, and the last one stands: ${problem}`);
      await generation.launch();
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    } finally {
      this.next = undefined;
    }
    this.configuration = text;
    if (before !== undefined) await parts.onSwitch();
    this.current = generation;
    this.lastDurationMs = parts.clock.monotonic() - startedAt;
    void generation.exited.then(() => {
      void rm(folder, { recursive: true, force: true });
      this.ended(generation);
    });
    if (before !== undefined && !before.hasExited) await this.leave(before);
    await parts.folder.record([{ pid: generation.pid, socket: generation.socket }]);
  }

  /** Lets a process finish: whatever still comes over its connections goes to the workers, who know what is right then. */
  private async leave(generation: Generation): Promise<void> {
    this.finishing.add(generation);
    const { http, https } = generation.running.mapPaths;
    await command(generation.socket, [`clear map ${http}`, `clear map ${https}`]).catch(() => undefined);
    await generation.finish();
  }

  private ended(generation: Generation): void {
    this.finishing.delete(generation);
    if (generation !== this.current || this.isStopping) return;
    this.parts.log.error({ pid: generation.pid }, 'HAProxy has ended by itself and is started again');
    this.current = undefined;
    const again = (): void => {
      if (this.isStopping || this.current !== undefined) return;
      void this.reload().then(() => {
        if (this.current === undefined) this.parts.timers.after(RESTART_DELAY_MS, again);
      });
    };
    again();
  }

  private refused(said: string): void {
    this.parts.log.warn({ said }, 'HAProxy did not carry out a change; it is reloaded');
    this.schedule();
  }

  private settings(folder: string): ConfigurationSettings {
    const { parts } = this;
    const { hostname, trustedProxies, proxyProtocolFrom, accessLog, tracesRatio, entryPoints } = parts;
    const directory = parts.folder.path;
    const socketsOf = (front: Front) => ({
      plain: join(directory, `${front}.sock`),
      raw: join(directory, front === 'http' ? 'http.sock' : 'https-raw.sock'),
    });
    return {
      ...{ hostname, trustedProxies, proxyProtocolFrom },
      fronts: entryPoints.flatMap(({ name, host, port, publicPort = port, descriptor }) => {
        const front = FRONTS.find((one) => one === name);
        if (front === undefined) return [];
        const address = `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
        const bind = descriptor === undefined ? address : `fd@${String(descriptor)}`;
        return [{ front, bind, port: publicPort, isPassedOn: parts.isPassedOn(front) }];
      }),
      runtimeSocket: join(folder, 'runtime.sock'),
      mapPaths: { http: join(folder, 'http.map'), https: join(folder, 'https.map') },
      certificateList: join(folder, 'certificates.txt'),
      pages: join(directory, 'pages'),
      workers: { http: socketsOf('http'), https: socketsOf('https') },
      log: accessLog === 'off' && tracesRatio === undefined ? limits.latencySamples : 'all',
      tracesRatio,
      hardStopMs: limits.finishingMs,
      headMs: limits.headTimeoutMs,
      idleMs: limits.clientIdleMs,
      headerBytes: limits.headerBytes,
    };
  }
}

/** The sockets that HAProxy is handed. */
function descriptorsOf(entryPoints: readonly EntryPointSettings[]): readonly number[] {
  return entryPoints.flatMap(({ descriptor }) => descriptor ?? []);
}

/** Writes the certificates that can be used, and the list of them; the first is for names that none is for. */
async function writeCertificates(folder: string, list: string, pairs: readonly CertificatePair[]): Promise<void> {
  const paths: string[] = [];
  for (const [index, { certificate, key }] of pairs.entries()) {
    if (!isUsable(certificate, key)) continue;
    const path = join(folder, `${String(index)}.pem`);
    const whole = certificate.includes('PRIVATE KEY-----') ? certificate : `${certificate.trimEnd()}\n${key}`;
    await writeFile(path, whole, { mode: 0o600 });
    paths.push(path);
  }
  await writeFile(list, paths.map((path) => `${path}\n`).join(''));
}

function isUsable(cert: string, key: string): boolean {
  try {
    createSecureContext({ cert, key });
    return true;
  } catch {
    // The workers say what is wrong with it.
    return false;
  }
}
