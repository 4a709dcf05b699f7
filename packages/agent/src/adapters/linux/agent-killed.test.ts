import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { delay, SeededRandom, randomBelow } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { leftoversOf } from '../../testing/machine-leftovers.ts';

/** How hard: `npm run test:agent-killed` kills 100 times among 200 tasks. */
const KILLS = Number(process.env['STADION_KILLS'] ?? 5);
const TASKS = Number(process.env['STADION_KILLED_TASKS'] ?? 24);
const AGENT = join(import.meta.dirname, '..', '..', '..', 'dist', 'testing', 'killed-agent.js');
const LIFE_MS_MAX = 1500;

const missing = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');
const isBuilt = existsSync(AGENT);
const canRun = process.getuid?.() === 0 && !['runc', 'tini'].some((part) => missing.includes(part)) && isBuilt;

interface Line {
  readonly id?: string;
  readonly state?: string;
  readonly message?: string;
  readonly ready?: boolean;
}

/** What a task does, and what is to be reported of its end; undefined: it runs on. */
function taskNumber(index: number): { readonly command: string; readonly end: string | undefined } {
  const seconds = ((index * 7) % (KILLS * 4)) / 4;
  const begin = `echo started; sleep ${seconds}`;
  switch (index % 4) {
    case 0:
      return { command: 'echo started; exec sleep 100000', end: undefined };
    case 1:
      return { command: `${begin}; exit 0`, end: 'TASK_FINISHED Command exited with status 0' };
    case 2:
      return {
        command: `${begin}; exit ${(index % 100) + 1}`,
        end: `TASK_FAILED Command exited with status ${(index % 100) + 1}`,
      };
    default:
      return {
        command: `${begin}; kill -USR1 $$`,
        end: 'TASK_FAILED Command terminated with signal User defined signal 1',
      };
  }
}

describe.skipIf(!canRun)('an agent that is killed again and again', () => {
  let root: string;
  let child: ChildProcess | undefined;
  let lines: Line[] = [];

  const tasks = Object.fromEntries(Array.from({ length: TASKS }, (_, index) => [`task-${index}`, taskNumber(index)]));

  /** The first half runs before the first kill; the others are begun while the agent dies again and again. */
  const firstHalf = Object.keys(tasks).slice(0, TASKS / 2);

  const live = async (ids: readonly string[]): Promise<void> => {
    const commands = Object.fromEntries(ids.map((id) => [id, tasks[id]?.command]));
    const before = lines.filter(({ ready }) => ready).length;
    const started = spawn(process.execPath, [AGENT, root, JSON.stringify(commands)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = started;
    let rest = '';
    started.stdout.on('data', (chunk: Buffer) => {
      const parts = (rest + chunk.toString()).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts.map((part) => JSON.parse(part) as Line));
    });
    await until(() => lines.filter(({ ready }) => ready).length > before);
  };
  const die = async (signal: NodeJS.Signals): Promise<void> => {
    const { exitCode, signalCode } = child ?? {};
    if (child === undefined || exitCode !== null || signalCode !== null) return;
    const ended = new Promise((resolve) => child?.once('exit', resolve));
    child.kill(signal);
    await ended;
  };
  const until = async (
    condition: () => boolean,
    complaint = () => 'the condition did not come to hold',
  ): Promise<void> => {
    const end = systemClock.monotonic() + 60_000 + KILLS * 2000;
    while (!condition()) {
      expect(systemClock.monotonic(), complaint()).toBeLessThan(end);
      await delay(systemTimers, 20);
    }
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'stadion killed '));
    chmodSync(root, 0o755);
    lines = [];
  });

  afterEach(async () => {
    await die('SIGTERM');
    rmSync(root, { recursive: true, force: true });
  });

  it(
    'loses no task, starts none twice, and tells each end as it was',
    { timeout: 120_000 + KILLS * 15_000 },
    async () => {
      const random = new SeededRandom(7).stream('lives');
      await live(firstHalf);
      const hasRun = (id: string) => lines.some((line) => line.id === id && line.state === 'TASK_RUNNING');
      await until(() => firstHalf.every(hasRun));
      await die('SIGKILL');
      for (let kill = 1; kill < KILLS; kill += 1) {
        await live(Object.keys(tasks));
        await delay(systemTimers, randomBelow(random, LIFE_MS_MAX));
        await die('SIGKILL');
      }
      await live(Object.keys(tasks));
      const ends = (id: string) => [
        ...new Set(
          lines.flatMap((line) =>
            line.id === id && /FINISHED|FAILED|LOST|DROPPED|GONE|KILLED/.test(line.state ?? '')
              ? [`${line.state ?? ''} ${line.message ?? ''}`]
              : [],
          ),
        ),
      ];
      const isDropped = (id: string) => ends(id).some((end) => /^TASK_DROPPED .*never ran/.test(end));
      const waiting = () =>
        Object.entries(tasks)
          .filter(([id, { end }]) => end !== undefined && ends(id).length === 0)
          .map(([id]) => id);
      await until(
        () => waiting().length === 0,
        () => `never ended: ${waiting().join(', ')}`,
      );
      for (const [id, { end }] of Object.entries(tasks)) {
        // The agent was killed just before it started this one: told as such, and below is seen that it never ran.
        if (isDropped(id)) continue;
        expect(ends(id), id).toEqual(end === undefined ? [] : [end]);
      }
      const executors = join(root, 'slaves', 'agent-S0', 'frameworks', 'framework-1', 'executors');
      for (const id of readdirSync(executors)) {
        // An agent that is killed while it makes a sandbox leaves half of it.
        const runs = namesIn(join(executors, id, 'runs')).filter((name) => name !== 'latest');
        const outputs = runs
          .map((run) => join(executors, id, 'runs', run, 'stdout'))
          .filter((path) => existsSync(path));
        const started = outputs.map((path) => readFileSync(path, 'utf8')).join('');
        expect(started, id).toBe(isDropped(id) ? '' : 'started\n');
      }
      expect(firstHalf.filter(isDropped)).toEqual([]);
      await die('SIGTERM');
      const left = leftoversOf(root, [root]);
      expect(left).toEqual({ processes: [], mounts: [], groups: [], interfaces: [], rules: [] });
    },
  );
});

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
