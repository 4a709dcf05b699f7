/** Containers of one containerizer, started and ended by a benchmark. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Containerizer } from '@stadion/agent/containerizers';
import { delay, randomUuid } from '@stadion/base';
import { SystemRandom, systemClock, systemTimers } from '@stadion/base/system';

/** After the end of a container the kernel is still at it for a while, and whoever starts next would pay. */
const SETTLE_MS = 100;

type Spec = Parameters<Containerizer['launch']>[0];

/** A folder with a containerizer in it. */
export class ContainerBench {
  readonly root = mkdtempSync(join(tmpdir(), 'stadion-bench-'));
  readonly containerizer: Containerizer;
  private readonly random = new SystemRandom();
  private readonly ends = new Map<string, () => void>();
  private readonly changes: Partial<Spec>;

  /**
   * @param make the containerizer, which keeps its files below the folder
   * @param changes to what every container is
   */
  constructor(make: (root: string) => Containerizer, changes: Partial<Spec> = {}) {
    this.containerizer = make(this.root);
    this.changes = changes;
  }

  async open(): Promise<void> {
    const { problem } = await this.containerizer.fingerprint();
    if (problem !== undefined) throw new Error(`Containers do not work here: ${problem}`);
    await this.containerizer.recover((containerId) => this.ends.get(containerId)?.());
  }

  spec(): Spec {
    const containerId = randomUuid(this.random);
    const directory = join(this.root, 'sandbox', containerId);
    mkdirSync(directory, { recursive: true });
    return {
      containerId,
      command: { kind: 'shell', text: 'exec sleep 100000' },
      environment: { PATH: '/usr/bin:/bin' },
      directory,
      limits: { cpus: 0.01, memoryBytes: 32 * 1024 * 1024, diskBytes: 0, gpus: 0 },
      ...this.changes,
    };
  }

  /** @returns the id, once it runs */
  async start(): Promise<string> {
    const spec = this.spec();
    const outcome = await this.containerizer.launch(spec);
    if (!outcome.ok) throw new Error(outcome.message);
    return spec.containerId;
  }

  async end(containerId: string): Promise<void> {
    const ended = new Promise<void>((resolve) => this.ends.set(containerId, resolve));
    this.containerizer.kill(containerId, 0);
    await ended;
    this.ends.delete(containerId);
    await this.containerizer.remove(containerId);
  }

  async close(): Promise<void> {
    await this.containerizer.close();
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Milliseconds of two ways to start a container, in pairs, each way first in every other pair. */
export interface ComparedStarts {
  readonly ours: readonly number[];
  readonly raw: readonly number[];
}

/** @param startRaw milliseconds of a raw start, whose container is then taken away again */
export async function compareStarts(
  bench: ContainerBench,
  pairs: number,
  warmUpPairs: number,
  startRaw: (pair: number) => Promise<number>,
): Promise<ComparedStarts> {
  const ours: number[] = [];
  const raw: number[] = [];
  const startOurs = async (): Promise<number> => {
    const before = systemClock.monotonic();
    const id = await bench.start();
    const elapsedMs = systemClock.monotonic() - before;
    await bench.end(id);
    return elapsedMs;
  };
  for (let pair = 0; pair < warmUpPairs + pairs; pair += 1) {
    const ways = [async () => ours.push(await startOurs()), async () => raw.push(await startRaw(pair))];
    for (const start of pair % 2 === 0 ? ways : ways.reverse()) {
      await delay(systemTimers, SETTLE_MS);
      await start();
    }
  }
  return { ours: ours.slice(warmUpPairs), raw: raw.slice(warmUpPairs) };
}
