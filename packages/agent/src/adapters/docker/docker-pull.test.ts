import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@stadion/base';
import { systemClock, systemTimers, SystemRandom } from '@stadion/base/system';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Containerizer } from '../../ports/containerizer.ts';
import { DockerDaemon } from '../../testing/docker-daemon.ts';
import { makeImage, type MadeImage, type TarEntry } from '../../testing/image-maker.ts';
import { SmallRegistry, type RegistryMood } from '../../testing/small-registry.ts';
import { createDockerContainerizer } from './docker-containerizer.ts';

const missing = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');
const canRun =
  process.getuid?.() === 0 && !['docker', 'busybox', 'curl', 'iproute2'].some((part) => missing.includes(part));
const LIMIT_MS = 120_000;
const HELLO: readonly TarEntry[] = [{ name: 'hello', content: 'hello' }];

describe.skipIf(!canRun)('pulling images by a Docker daemon', { timeout: LIMIT_MS }, () => {
  let daemon: DockerDaemon;
  let root: string;
  let containerizer: Containerizer;
  const registries: SmallRegistry[] = [];

  /** An image that no other test has: the daemon keeps what it has seen. */
  let images = 0;
  const image = (): MadeImage => {
    images += 1;
    return makeImage({ layers: [[...HELLO, { name: `number-${images}`, content: String(images) }]] });
  };
  const registry = async (mood: RegistryMood = {}): Promise<SmallRegistry> => {
    const started = await SmallRegistry.start(mood);
    registries.push(started);
    return started;
  };
  /** @returns what is said of the failure, or that it was pulled */
  const pull = async (name: string): Promise<string> => {
    const spec = { container: { type: 'DOCKER' as const, docker: { image: name } }, directory: join(root, 'sandbox') };
    const failure = await containerizer.prepare?.(spec, {
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    return failure?.message ?? 'pulled';
  };

  beforeAll(async () => {
    daemon = await DockerDaemon.start();
  }, LIMIT_MS);
  afterAll(() => daemon.stop(), LIMIT_MS);

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'stadion pulls '));
    mkdirSync(join(root, 'sandbox', '.docker'), { recursive: true });
    containerizer = createDockerContainerizer({
      host: daemon.host,
      runtimeDirectory: join(root, 'run'),
      clock: systemClock,
      timers: systemTimers,
      random: new SystemRandom(),
      log: silentLogger,
    });
    await containerizer.fingerprint();
    await containerizer.recover(() => undefined);
  });
  afterEach(async () => {
    await containerizer.close();
    for (const each of registries.splice(0)) await each.stop();
    rmSync(root, { recursive: true, force: true });
  });

  it('shows the name and password that came into the sandbox to the registry', async () => {
    const from = await registry({ credentials: { username: 'ann', password: 'secret' } });
    const name = from.put('app', '1', image());
    expect(await pull(name)).toMatch(/^registry-denied: /);
    const auths = { [from.host]: { auth: Buffer.from('ann:secret').toString('base64') } };
    writeFileSync(join(root, 'sandbox', '.docker', 'config.json'), JSON.stringify({ auths }));
    expect(await pull(name)).toBe('pulled');
  });

  it('has what was pulled among its images', async () => {
    const name = (await registry()).put('app', '1', image());
    expect(await pull(name)).toBe('pulled');
    const held = (await containerizer.images?.())?.filter((each) => each.name === name);
    expect(held).toMatchObject([{ containerizer: 'docker', digest: expect.stringMatching(/^sha256:/) }]);
  });

  it('names an image for another processor, whether the registry or the image says so', async () => {
    const from = await registry();
    const foreign = makeImage({ layers: [HELLO], architecture: 's390x' });
    const name = from.putIndex('app', 'index', [{ architecture: 's390x', image: foreign }]);
    expect(await pull(name)).toMatch(/^image-wrong-architecture: /);
    const image = from.put('app', 'single', foreign);
    expect(await pull(image)).toBe('pulled');
    const directory = join(root, 'sandbox');
    const command = { kind: 'shell' as const, text: 'true' };
    const container = { type: 'DOCKER' as const, docker: { image } };
    expect(
      await containerizer.launch({ containerId: 'foreign', command, environment: {}, directory, container }),
    ).toEqual({
      ok: false,
      message: expect.stringMatching(/^image-wrong-architecture: .* is made for linux\/s390x/),
    });
  });

  it('names what is wrong', async () => {
    const from = await registry();
    expect(await pull(`${from.host}/app:none`)).toMatch(/^image-not-found: /);
    expect(await pull((await registry({ corrupt: true })).put('app', '1', image()))).toMatch(
      /^image-digest-mismatch: /,
    );
    expect(await pull((await registry({ breakOff: 1000 })).put('app', '1', image()))).toMatch(
      /^registry-unreachable: /,
    );
    const down = await registry();
    const { host } = down;
    await down.stop();
    registries.pop();
    expect(await pull(`${host}/app:1`)).toMatch(/^registry-unreachable: /);
  });
});
