/**
 * Process namespaces that containers of a pod share. Such a namespace lives as long as its first process: an init that does
 * nothing but clear up after others, kept by a process of its own that outlives the agent.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { delay, type Timers } from '@stadion/base';
import { withoutInheritedFiles } from '../inherited-files.ts';
import { childOf } from '../script-terminal.ts';
import { signal } from '../supervised/signals.ts';
import { findInit } from './runtime.ts';

/** By which a keeper is known again. */
const VARIABLE = 'STADION_SHARED_PROCESSES';
/** It writes down who it is before it makes anything: an agent that dies meanwhile leaves nothing that is not found. */
const KEEPER = `echo $$ >"$1" && shift && exec unshare --pid --fork --kill-child -- "$@"`;
const POLL_MS = 2;
const POLLS_MAX = 5000;

/** One per agent. Keys are ids of pods. */
export class SharedProcesses {
  private readonly directory: string;
  private readonly timers: Timers;
  private readonly joined = new Map<string, Promise<string | undefined>>();

  /** @param directory where they are noted; on the local disk */
  constructor(directory: string, timers: Timers) {
    this.directory = directory;
    this.timers = timers;
  }

  /** The path of a pod's namespace, which is made for the first who asks; undefined when it cannot be. */
  join(key: string): Promise<string | undefined> {
    const known = this.joined.get(key) ?? this.make(key);
    this.joined.set(key, known);
    return known;
  }

  /** Ends the namespace of a pod, and whatever is still in it. */
  async leave(key: string): Promise<void> {
    this.joined.delete(key);
    const keeper = this.keeperOf(key);
    if (keeper !== undefined) signal(keeper, 'SIGKILL');
    await rm(join(this.directory, key), { force: true });
  }

  /** Pods of which something is there. */
  list(): readonly string[] {
    try {
      return readdirSync(this.directory);
    } catch {
      return [];
    }
  }

  private async make(key: string): Promise<string | undefined> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const words = [join(this.directory, key), findInit() ?? '', '--', 'sleep', 'infinity'];
    const keeper = withoutInheritedFiles(['ignore', 'ignore', 'ignore'], (stdio) =>
      spawn('/bin/sh', ['-c', KEEPER, 'stadion-keeper', ...words], {
        env: { PATH: process.env['PATH'] ?? '', [VARIABLE]: key },
        cwd: '/',
        detached: true,
        stdio,
      }),
    );
    keeper.unref();
    keeper.once('error', () => undefined);
    const isThere = () => keeper.pid !== undefined && keeper.exitCode === null && keeper.signalCode === null;
    for (let poll = 0; poll < POLLS_MAX && isThere(); poll += 1) {
      const first = keeper.pid === undefined ? undefined : childOf(keeper.pid);
      if (first !== undefined) return `/proc/${first}/ns/pid`;
      await delay(this.timers, POLL_MS);
    }
    await this.leave(key);
    return undefined;
  }

  private keeperOf(key: string): number | undefined {
    try {
      const pid = Number(readFileSync(join(this.directory, key), 'utf8'));
      const isKeeper = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`${VARIABLE}=${key}`);
      return isKeeper ? pid : undefined;
    } catch {
      return undefined;
    }
  }
}
