import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ContainerExit } from '../../core/container.ts';
import type { Containerizer, ContainerSpec } from '../../ports/containerizer.ts';
import { until } from '../../testing/task-machine.ts';
import { FakeContainerizer } from '../fake/fake-containerizer.ts';
import { withDiskLimits } from './disk-limits.ts';

const ports = { clock: systemClock, timers: systemTimers, log: silentLogger };
const MEBIBYTE = 1024 * 1024;

describe('limits of the disk', () => {
  let root = '';
  let inner: FakeContainerizer;
  let containerizer: Containerizer;
  const exits = new Map<string, ContainerExit>();
  const onExit = (containerId: string, exit: ContainerExit): void => void exits.set(containerId, exit);

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'stadion disk '));
    exits.clear();
    inner = new FakeContainerizer(ports);
    containerizer = limited(20);
  });
  afterEach(async () => {
    await containerizer.close();
    rmSync(root, { recursive: true, force: true });
  });

  function limited(intervalMs: number): Containerizer {
    return withDiskLimits({ ...ports, containerizer: inner, directory: join(root, 'limits'), intervalMs });
  }

  /** A container with a volume, and so many MiB in it and in its sandbox. */
  async function launch(containerId: string, sandboxMiB: number, volumeMiB: number): Promise<void> {
    const [directory, source] = ['sandbox', 'volume'].map((name) => join(root, containerId, name)) as [string, string];
    for (const [folder, size] of [
      [directory, sandboxMiB],
      [source, volumeMiB],
    ] as const) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'file'), Buffer.alloc(size * MEBIBYTE, 1));
    }
    const spec: ContainerSpec = {
      containerId,
      command: { kind: 'shell', text: 'sleep 1000' },
      environment: {},
      directory,
      limits: { cpus: 1, memoryBytes: 0, diskBytes: 2 * MEBIBYTE, gpus: 0 },
      mounts: [{ source, containerPath: 'data', readOnly: false, limitBytes: 3 * MEBIBYTE }],
    };
    expect(await containerizer.launch(spec)).toMatchObject({ ok: true });
  }

  it('end who has more in its sandbox, or in a volume, than it may, and nobody else', async () => {
    await containerizer.recover(onExit);
    await launch('within', 1, 2);
    await launch('sandbox', 3, 0);
    await launch('volume', 0, 4);
    await until(() => exits.size === 2);
    expect(exits.get('sandbox')).toMatchObject({
      kind: 'limited',
      resource: 'disk',
      message: expect.stringMatching(/^The task was killed because it has 3(\.\d)? MiB on disk and may have 2 MiB$/),
    });
    expect(exits.get('volume')).toMatchObject({
      message: expect.stringMatching(/has 4(\.\d)? MiB in the volume "data" and may have 3 MiB$/),
    });
    expect([...inner.running()]).toEqual(['within']);
    for (const name of exits.keys()) await containerizer.remove(name);
    expect(readdirSync(join(root, 'limits'))).toEqual(['within']);
  });

  it('hold after a restart of the agent, which also knows why something ended meanwhile', async () => {
    await containerizer.close();
    containerizer = limited(1_000_000);
    await containerizer.recover(onExit);
    await launch('grows', 0, 1);
    await containerizer.close();
    writeFileSync(join(root, 'grows', 'volume', 'more'), Buffer.alloc(4 * MEBIBYTE, 1));
    containerizer = limited(20);
    expect(await containerizer.recover(onExit)).toMatchObject([{ state: 'running' }]);
    await until(() => exits.has('grows'));
    // The end was told to an agent that died before it passed it on.
    await containerizer.close();
    containerizer = limited(1_000_000);
    expect(await containerizer.recover(onExit)).toMatchObject([
      { containerId: 'grows', state: 'exited', exit: { kind: 'limited', resource: 'disk' } },
    ]);
  });

  it('end what an agent had decided to end when it died', async () => {
    await containerizer.recover(onExit);
    const kill = vi.spyOn(inner, 'kill').mockReturnValueOnce();
    await launch('full', 0, 4);
    await until(() => kill.mock.calls.length === 1);
    await containerizer.close();
    containerizer = limited(1_000_000);
    expect(await containerizer.recover(onExit)).toMatchObject([{ state: 'running' }]);
    await until(() => exits.has('full'));
    expect(exits.get('full')).toMatchObject({ kind: 'limited', resource: 'disk' });
  });
});
