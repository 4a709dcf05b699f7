import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@stadion/base';
import { VirtualTime } from '@stadion/base/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ContainerSpec } from '../../../ports/containerizer.ts';
import { makeImage, savedArchive } from '../../../testing/image-maker.ts';
import { SmallRegistry } from '../../../testing/small-registry.ts';
import { Images } from './images.ts';

// Owners of what is in layers are root's to make.
const canRun = process.getuid?.() === 0;

let root: string;
let images: Images;
let spec: ContainerSpec;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'stadion kept images '));
  const layers = [[{ name: 'hello', content: 'hello' }], [{ name: 'more', content: 'more' }]];
  writeFileSync(join(root, 'saved.tar'), savedArchive(makeImage({ layers }), 'app:v1'));
  images = new Images({
    directory: join(root, 'images'),
    time: new VirtualTime(),
    log: silentLogger,
    keepMs: 0,
    layersInUse: () => new Set(),
  });
  await images.open();
  spec = {
    containerId: 'one',
    command: { kind: 'shell', text: 'true' },
    environment: {},
    directory: root,
    container: { type: 'DOCKER', docker: { image: `docker-archive:${root}/saved.tar:v1` } },
  };
});

afterEach(() => {
  images.close();
  rmSync(root, { recursive: true, force: true });
});

async function findLayers(): Promise<readonly string[]> {
  const found = await images.find(spec);
  if (found === undefined || 'message' in found) throw new Error(found?.message ?? 'there is none');
  return found.layers;
}

const areThere = (layers: readonly string[]): boolean[] => [
  ...new Set(layers.map((layer) => existsSync(join(images.layersDirectory, layer)))),
];

it.skipIf(!canRun)('leaves the image of a container that is about to start, until that has', async () => {
  const layers = await findLayers();
  await images.prune([]);
  expect(areThere(layers)).toEqual([true]);
  images.started(spec.containerId);
  await images.prune([`docker-archive:${root}/saved.tar:v1`]);
  expect(areThere(layers)).toEqual([true]);
  await images.prune([]);
  expect(areThere(layers)).toEqual([false]);
});

it.skipIf(!canRun)(
  'gives no image of which layers go at that moment, and removes none that is being looked for',
  async () => {
    await findLayers();
    images.started(spec.containerId);
    const pruned = [images.prune([]), images.prune([])];
    const layers = await findLayers();
    await Promise.all(pruned);
    expect(areThere(layers)).toEqual([true]);
    images.started(spec.containerId);
    const found = findLayers();
    await expect(images.prune([])).rejects.toMatchObject({ code: 'agent-images-busy', retryable: true });
    expect(areThere(await found)).toEqual([true]);
  },
);

it.skipIf(!canRun)('leaves an image that is excluded by another of its names', async () => {
  const registry = await SmallRegistry.start({});
  try {
    registry.put('app', 'latest', makeImage({ layers: [[{ name: 'hello', content: 'hello' }]] }));
    spec = { ...spec, container: { type: 'DOCKER', docker: { image: `${registry.host}/app` } } };
    const layers = await findLayers();
    images.started(spec.containerId);
    await images.prune([`${registry.host}/app:latest`]);
    expect(areThere(layers)).toEqual([true]);
    await images.prune([`${registry.host}/app:older`, 'No Image']);
    expect(areThere(layers)).toEqual([false]);
  } finally {
    await registry.stop();
  }
});
