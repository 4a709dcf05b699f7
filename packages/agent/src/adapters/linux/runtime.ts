/** The OCI runtime as a program: what it is started with, and what it says when it fails. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeError } from '@stadion/base';

/** How long a runtime may take for anything. */
export const RUNTIME_MS_MAX = 30_000;
/**
 * Where Debian has inits that reap and tell of signals as they are, without a library; best first. tini looks around every
 * second, which a thousand of them are felt by.
 */
export const INIT_PROGRAMS: readonly string[] = ['/usr/bin/catatonit', '/usr/bin/tini-static'];

/** The best that is there. */
export function findInit(programs = INIT_PROGRAMS): string | undefined {
  return programs.find((program) => existsSync(program));
}

/** One runc with its own place for what runs. */
export class Runtime {
  readonly program: string;
  readonly stateDirectory: string;
  /**
   * What it is started with. One thread at a time: starting a container is one thing after the other, and more of them cost a
   * tenth of the processor time that a start takes. The container does not see it.
   */
  readonly environment = { PATH: process.env['PATH'] ?? '', GOMAXPROCS: '1' };

  constructor(program: string, stateDirectory: string) {
    this.program = program;
    this.stateDirectory = stateDirectory;
  }

  /**
   * The command that runs a container until it ends and has its exit status. It keeps the container's control groups,
   * which still have to be read.
   * @param directory has `config.json`; gets `pid` once the container runs, and `runtime.log`
   */
  runCommand(containerId: string, directory: string): readonly string[] {
    return [
      this.program,
      ...['--root', this.stateDirectory, '--log', join(directory, 'runtime.log'), '--log-format', 'json'],
      ...['run', '--keep', '--bundle', directory, '--pid-file', join(directory, 'pid'), containerId],
    ];
  }

  /** The command that runs another process inside; the rest of it follows. */
  execCommand(containerId: string, options: readonly string[]): readonly string[] {
    return [this.program, '--root', this.stateDirectory, 'exec', ...options, containerId];
  }

  /** Changes the resources of a running container. @param resources as in `linux.resources` of its configuration */
  async update(containerId: string, resources: object): Promise<void> {
    const words = ['--root', this.stateDirectory, 'update', '--resources', '-', containerId];
    const running = promisify(execFile)(this.program, words, { timeout: RUNTIME_MS_MAX });
    running.child.stdin?.end(JSON.stringify(resources));
    await running;
  }

  /** The version, e.g. `1.1.5`, or a sentence why there is none. */
  async version(): Promise<{ readonly version: string } | { readonly problem: string }> {
    try {
      const { stdout } = await promisify(execFile)(this.program, ['--version'], { timeout: RUNTIME_MS_MAX });
      return { version: /version (\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? '0.0.0' };
    } catch (error) {
      return {
        problem: `${this.program} cannot be run (${describeError(error)}): install it, e.g. apt-get install runc`,
      };
    }
  }

  /** Runs a container to its end, as a trial. @returns a sentence when it does not work */
  async tryRun(containerId: string, directory: string): Promise<string | undefined> {
    const [program = '', ...words] = this.runCommand(containerId, directory);
    try {
      await promisify(execFile)(program, words, { timeout: RUNTIME_MS_MAX });
      return undefined;
    } catch (error) {
      return (await readFailure(directory)) ?? describeError(error);
    } finally {
      await this.forget(containerId);
    }
  }

  /** Removes what the runtime remembers of an ended container. */
  async forget(containerId: string): Promise<void> {
    await rm(join(this.stateDirectory, containerId), { recursive: true, force: true });
  }
}

/**
 * The pid of a container's first process, once it runs. At once: whoever starts a container asks every few milliseconds, and
 * a way through the thread pool takes longer than the answer.
 */
export function readPid(directory: string): number | undefined {
  const path = join(directory, 'pid');
  // Without an exception, which costs more than the look.
  if (!existsSync(path)) return undefined;
  try {
    const pid = Number.parseInt(readFileSync(path, 'utf8'), 10);
    return Number.isNaN(pid) ? undefined : pid;
  } catch {
    return undefined;
  }
}

/** What the runtime complained about last. */
export async function readFailure(directory: string): Promise<string | undefined> {
  const text = await readFile(join(directory, 'runtime.log'), 'utf8').catch(() => '');
  const messages = text.split('\n').flatMap((line) => {
    try {
      const entry: unknown = JSON.parse(line);
      const isError = typeof entry === 'object' && entry !== null && 'level' in entry && entry.level === 'error';
      return isError && 'msg' in entry && typeof entry.msg === 'string' ? [entry.msg] : [];
    } catch {
      return [];
    }
  });
  return messages.at(-1);
}
