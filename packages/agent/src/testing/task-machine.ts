/** A folder with sandboxes and a containerizer, for tests that run real tasks. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { delay, randomUuid } from '@stadion/base';
import { systemClock, systemTimers, SystemRandom } from '@stadion/base/system';
import { expect } from 'vitest';
import type { ContainerExit } from '../core/container.ts';
import type { Containerizer, ContainerSpec } from '../ports/containerizer.ts';

const random = new SystemRandom();

/** A loaded machine may take its time. */
const UNTIL_MS_MAX = 60_000;

/** A machine in a folder whose name has a space in it. */
export class TaskMachine {
  readonly root = mkdtempSync(join(tmpdir(), 'stadion agent '));
  readonly exits = new Map<string, ContainerExit>();
  readonly onExit = (containerId: string, exit: ContainerExit): void => {
    this.exits.set(containerId, exit);
  };
  private readonly started: Containerizer[] = [];
  private readonly make: (root: string) => Containerizer;

  /** @param make a containerizer that keeps everything below the folder it is given */
  constructor(make: (root: string) => Containerizer) {
    this.make = make;
    chmodSync(this.root, 0o755);
  }

  containerizer(): Containerizer {
    const containerizer = this.make(this.root);
    this.started.push(containerizer);
    return containerizer;
  }

  shell(text: string, environment: Record<string, string> = {}): ContainerSpec {
    const containerId = randomUuid(random);
    const directory = join(this.root, 'sandbox', containerId);
    mkdirSync(directory, { recursive: true });
    const path = process.env['PATH'] ?? '';
    return { containerId, command: { kind: 'shell', text }, environment: { PATH: path, ...environment }, directory };
  }

  read(spec: ContainerSpec, name: string): string {
    const path = join(spec.directory, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  async exitOf(spec: ContainerSpec): Promise<ContainerExit> {
    await until(() => this.exits.has(spec.containerId));
    return this.exits.get(spec.containerId) ?? { kind: 'unknown', message: 'never' };
  }

  async destroy(): Promise<void> {
    for (const containerizer of this.started) await containerizer.close();
    const last = this.containerizer();
    for (const container of await last.recover(this.onExit)) {
      if (container.state !== 'running') continue;
      last.kill(container.containerId, 0);
      await until(() => this.exits.has(container.containerId));
    }
    await last.close();
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Lets time pass until the condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  const end = systemClock.monotonic() + UNTIL_MS_MAX;
  while (!condition()) {
    expect(systemClock.monotonic(), 'the condition did not come to hold in time').toBeLessThan(end);
    await delay(systemTimers, 10);
  }
}

/** Whether a process lives; zombies do not. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}
