import { join } from 'node:path';
import { silentLogger } from '@stadion/base';
import { SystemRandom, systemClock, systemTimers } from '@stadion/base/system';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DockerDaemon } from '../../testing/docker-daemon.ts';
import { withBusyboxTree } from '../../testing/docker-images.ts';
import { makeImage } from '../../testing/image-maker.ts';
import { SmallRegistry } from '../../testing/small-registry.ts';
import { TaskMachine } from '../../testing/task-machine.ts';
import { createDockerContainerizer } from './docker-containerizer.ts';

const missing = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');
const canRun =
  process.getuid?.() === 0 && !['docker', 'busybox', 'curl', 'iproute2'].some((part) => missing.includes(part));
const LIMIT_MS = 120_000;
const MEBIBYTE = 1024 * 1024;
const BUSYBOX = 'busybox:test';

describe.skipIf(!canRun)('a Docker daemon whose disk is full', { timeout: LIMIT_MS }, () => {
  let daemon: DockerDaemon;
  let registry: SmallRegistry;

  beforeAll(async () => {
    daemon = await DockerDaemon.start('48m');
    await withBusyboxTree((folder) => daemon.importImage(folder, BUSYBOX));
    registry = await SmallRegistry.start();
  }, LIMIT_MS);
  afterAll(async () => {
    await registry.stop();
    await daemon.stop();
  }, LIMIT_MS);

  it('fails a pull that has no room by that name; a task that fills it fails alone, and others run', async () => {
    const machine = new TaskMachine((root) =>
      createDockerContainerizer({
        host: daemon.host,
        runtimeDirectory: join(root, 'run'),
        clock: systemClock,
        timers: systemTimers,
        random: new SystemRandom(),
        log: silentLogger,
      }),
    );
    const containerizer = machine.containerizer();
    try {
      await containerizer.fingerprint();
      await containerizer.recover(machine.onExit);
      const context = { signal: new AbortController().signal, onProgress: () => undefined };
      const big = makeImage({
        layers: [[{ name: 'big', content: Buffer.alloc(64 * MEBIBYTE, 'much') }]],
        packing: 'none',
      });
      const image = registry.put('app', 'big', big);
      const failure = await containerizer.prepare?.({ container: { type: 'DOCKER', docker: { image } } }, context);
      expect(failure?.message).toMatch(/^disk-full: /);
      const container = { type: 'DOCKER' as const, docker: { image: BUSYBOX, network: 'NONE' as const } };
      const run = async (text: string) => {
        const spec = { ...machine.shell(text), container };
        expect(await containerizer.launch(spec)).toMatchObject({ ok: true });
        return spec;
      };
      const neighbour = await run('sleep 1000');
      const filler = await run('dd if=/dev/zero of=/filled bs=1M count=100');
      expect(await machine.exitOf(filler)).toEqual({ kind: 'exited', code: 1 });
      await containerizer.remove(filler.containerId);
      const after = await run('exit 7');
      expect(await machine.exitOf(after)).toEqual({ kind: 'exited', code: 7 });
      containerizer.kill(neighbour.containerId, 0);
      expect(await machine.exitOf(neighbour)).toMatchObject({ kind: 'signaled', signal: 9 });
    } finally {
      await machine.destroy();
    }
  });
});
