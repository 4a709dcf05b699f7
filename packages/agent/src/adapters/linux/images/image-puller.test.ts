import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeImage, savedArchive, writeLayout, type TarEntry } from '../../../testing/image-maker.ts';
import { SmallRegistry, type RegistryMood } from '../../../testing/small-registry.ts';
import { describeImageFailure } from './image-failure.ts';
import { ImagePuller } from './image-puller.ts';
import { ImageStore, type StoredImage } from './image-store.ts';

const missing = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');
// Owners and the marks of what is gone are root's to make.
const canRun = process.getuid?.() === 0;
const time = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic(),
  after: systemTimers.after.bind(systemTimers),
};
const HELLO: readonly TarEntry[] = [
  { name: 'etc/', type: '5' },
  { name: 'etc/hello', content: 'hello' },
];

describe.skipIf(!canRun)('pulling images', () => {
  let root: string;
  let store: ImageStore;
  let puller: ImagePuller;
  const registries: SmallRegistry[] = [];
  const credentials = () => Promise.resolve({ username: 'ann', password: 'secret', serveraddress: '' });

  const registry = async (mood: RegistryMood = {}): Promise<SmallRegistry> => {
    const started = await SmallRegistry.start(mood);
    registries.push(started);
    return started;
  };
  const pull = (image: string, force = false, signal = new AbortController().signal, told: string[] = []) =>
    puller.pull({ image, force, credentials, signal, onProgress: (message) => told.push(message) });
  const failure = async (image: string): Promise<string> => {
    return pull(image).then(
      () => 'it was pulled',
      (error: unknown) => describeImageFailure(error, image),
    );
  };
  const file = (image: StoredImage, layer: number, path: string) =>
    join(store.layerDirectory(image.layers[layer] ?? ''), path);

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'stadion images '));
    store = new ImageStore(root);
    await store.open();
    puller = new ImagePuller({ store, time, log: silentLogger });
  });

  afterEach(async () => {
    for (const started of registries.splice(0)) await started.stop();
    rmSync(root, { recursive: true, force: true });
  });

  it('brings layers of every packing, with owners and modes', async () => {
    const from = await registry();
    const layers = [
      [...HELLO, { name: 'tmp/', type: '5' as const, mode: 0o1777 }, { name: 'mine', content: 'x', uid: 33 }],
    ];
    for (const packing of ['gzip', 'none', ...(missing.includes('zstd') ? [] : ['zstd' as const])] as const) {
      const tagged = makeImage({ layers: [...layers, [{ name: packing, content: '' }]], packing });
      const image = await pull(from.put('app', packing, tagged));
      expect(readFileSync(file(image, 1, 'etc/hello'), 'utf8')).toBe('hello');
      expect(statSync(file(image, 1, 'tmp')).mode & 0o7777).toBe(0o1777);
      expect(statSync(file(image, 1, 'mine')).uid).toBe(33);
    }
    // The first layer is the same whatever packs it, and so is on disk once.
    expect(readdirSync(store.layersDirectory)).toHaveLength(missing.includes('zstd') ? 3 : 4);
  });

  it('understands what a layer takes away, one by one and all at once', async () => {
    const from = await registry();
    const below: TarEntry[] = ['a', 'b', 'c'].map((name) => ({ name: `data/${name}`, content: name }));
    const above: TarEntry[] = [
      { name: 'data/.wh.a', content: '' },
      { name: 'etc/.wh..wh..opq', content: '' },
      { name: 'etc/new', content: '' },
    ];
    const image = await pull(from.put('app', '1', makeImage({ layers: [[...HELLO, ...below], above] })));
    expect(lstatSync(file(image, 0, 'data/a')).isCharacterDevice()).toBe(true);
    expect(lstatSync(file(image, 0, 'etc/hello')).isCharacterDevice()).toBe(true);
    expect(lstatSync(file(image, 0, 'etc/new')).isFile()).toBe(true);
    expect(existsSync(file(image, 0, 'data/b'))).toBe(false);
  });

  it('happens once, however many want it, and is told to all of them', async () => {
    const from = await registry();
    const name = from.put('app', '1', makeImage({ layers: [HELLO] }));
    const told: string[][] = [[], [], []];
    await Promise.all(told.map((messages) => pull(name, false, undefined, messages)));
    expect(from.requests.filter((request) => request.includes('/blobs/'))).toHaveLength(2);
    for (const messages of told) expect(messages.at(-1)).toMatch(/Pulling the image .*: 100 %, .* of .* MB$/);
    await pull(name);
    expect(from.requests.filter((request) => request.includes('/manifests/'))).toHaveLength(1);
    await pull(name, true);
    expect(from.requests.filter((request) => request.includes('/manifests/'))).toHaveLength(2);
    expect(from.requests.filter((request) => request.includes('/blobs/'))).toHaveLength(3);
  });

  it('goes on for the others when one no longer wants it, and ends when nobody does', async () => {
    const from = await registry();
    const name = from.put('app', '1', makeImage({ layers: [HELLO] }));
    const leaver = new AbortController();
    const [left, stayed] = [pull(name, false, leaver.signal), pull(name)];
    leaver.abort();
    await expect(left).rejects.toThrow();
    expect((await stayed).layers).toHaveLength(1);
  });

  it('shows the name and password that the registry wants', async () => {
    const image = makeImage({ layers: [HELLO] });
    const good = await registry({ credentials: { username: 'ann', password: 'secret' } });
    expect((await pull(good.put('app', '1', image))).digest).toBe(image.digest);
    const bad = await registry({ credentials: { username: 'ann', password: 'other' } });
    expect(await failure(bad.put('app', '1', image))).toMatch(/^registry-denied: /);
  });

  it('takes the image of this machine from an index, and names what there is when there is none', async () => {
    const from = await registry();
    const own = process.arch === 'x64' ? 'amd64' : process.arch;
    const [mine, other] = [makeImage({ layers: [HELLO] }), makeImage({ layers: [[]], architecture: 's390x' })];
    const both = from.putIndex('app', 'both', [
      { architecture: 's390x', image: other },
      { architecture: own, image: mine },
    ]);
    expect((await pull(both)).digest).toBe(mine.digest);
    const foreign = from.putIndex('app', 'foreign', [{ architecture: 's390x', image: other }]);
    expect(await failure(foreign)).toMatch(/^image-wrong-architecture: .*linux\/s390x/);
    expect(await failure(from.put('app', 'single', other))).toMatch(/^image-wrong-architecture: /);
  });

  it('tries again when the registry fails in passing, in the middle of a layer too', async () => {
    const from = await registry({ unavailable: 1, breakOff: 2 });
    const image = await pull(from.put('app', '1', makeImage({ layers: [HELLO] })));
    expect(readFileSync(file(image, 0, 'etc/hello'), 'utf8')).toBe('hello');
  });

  it('names what is wrong, and leaves nothing behind', async () => {
    const good = makeImage({ layers: [HELLO] });
    expect(await failure('No Name')).toMatch(/^image-name-invalid: /);
    const from = await registry();
    expect(await failure(`${from.host}/app:none`)).toMatch(/^image-not-found: /);
    const down = await registry();
    const { host } = down;
    await down.stop();
    registries.pop();
    expect(await failure(`${host}/app`)).toMatch(/^registry-unreachable: .*ECONNREFUSED/);
    expect(await failure((await registry({ breakOff: 1000 })).put('app', '1', good))).toMatch(
      /^registry-unreachable: /,
    );
    expect(await failure((await registry({ corrupt: true })).put('app', '1', good))).toMatch(
      /^image-digest-mismatch: /,
    );
    const pinned = `${from.host}/app@sha256:${'0'.repeat(64)}`;
    from.put('app', `sha256:${'0'.repeat(64)}`, good);
    expect(await failure(pinned)).toMatch(/^image-digest-mismatch: /);
    expect(readdirSync(store.layersDirectory)).toEqual([]);
    expect(readdirSync(join(root, 'incoming'))).toEqual([]);
  });

  it('names a disk that is full in the middle, and has room again for others', async () => {
    const small = mkdtempSync(join(tmpdir(), 'stadion small '));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'small', small]);
    try {
      store = new ImageStore(small);
      await store.open();
      puller = new ImagePuller({ store, time, log: silentLogger });
      const from = await registry();
      const big = makeImage({ layers: [[{ name: 'big', content: Buffer.alloc(1024 * 1024, 'x') }]] });
      expect(await failure(from.put('app', 'big', big))).toMatch(/^disk-full: /);
      expect((await pull(from.put('app', 'small', makeImage({ layers: [HELLO] })))).layers).toHaveLength(1);
    } finally {
      execFileSync('umount', ['--lazy', small]);
      rmSync(small, { recursive: true, force: true });
    }
  });

  it('refuses layers that lead out of themselves', async () => {
    const from = await registry();
    const outside = join(root, 'outside');
    const hostile: readonly (readonly TarEntry[])[] = [
      [{ name: '../outside', content: 'x' }],
      [{ name: 'a/../../outside', content: 'x' }],
      [
        { name: 'link', type: '2', target: root },
        { name: 'link/outside', content: 'x' },
      ],
      [{ name: 'hard', type: '1', target: '../../../etc/passwd' }],
      [
        { name: 'link', type: '2', target: '/etc' },
        { name: 'hard', type: '1', target: 'link/passwd' },
      ],
      [
        { name: 'link', type: '2', target: root },
        { name: 'link/.wh.outside', content: '' },
      ],
      [{ name: '.wh...', content: '' }],
    ];
    for (const [index, layer] of hostile.entries()) {
      expect(
        await failure(from.put('app', String(index), makeImage({ layers: [layer] }))),
        JSON.stringify(layer),
      ).toMatch(/^image-refused: /);
    }
    expect(existsSync(outside)).toBe(false);
    expect(readdirSync(store.layersDirectory)).toEqual([]);
  });

  it('takes images from a layout and from archives as well', async () => {
    const image = makeImage({ layers: [HELLO], packing: 'none', config: { Cmd: ['/hello'], Env: ['A=b=c'] } });
    await writeLayout(image, join(root, 'layout'), 'v1');
    expect(await pull(`oci:${root}/layout:v1`)).toMatchObject({ digest: image.digest, command: ['/hello'] });
    expect(await failure(`oci:${root}/layout:v2`)).toMatch(/^image-not-found: /);
    writeFileSync(join(root, 'saved.tar'), savedArchive(image, 'app:v1'));
    const saved = await pull(`docker-archive:${root}/saved.tar:v1`);
    expect(saved).toMatchObject({ layers: [expect.any(String) as unknown], environment: { A: 'b=c' } });
    expect(await failure(`docker-archive:${root}/none.tar`)).toMatch(/^image-not-found: /);
    writeFileSync(join(root, 'broken.tar'), 'no archive');
    expect(await failure(`docker-archive:${root}/broken.tar`)).toMatch(/^image-refused: /);
    expect(readdirSync(join(root, 'incoming'))).toEqual([]);
  });

  it('forgets images that nobody uses, and never a layer that somebody does', async () => {
    const from = await registry();
    const base = [...HELLO];
    const one = await pull(from.put('app', '1', makeImage({ layers: [base, [{ name: 'one', content: '' }]] })));
    const two = await pull(from.put('app', '2', makeImage({ layers: [base, [{ name: 'two', content: '' }]] })));
    const now = systemClock.now() / 1000;
    await store.touch(`${from.host}/app:1`, now - 1000);
    // Containers run on it.
    expect(await store.collect(now - 500, new Set(one.layers))).toBe(0);
    expect(await store.find(`${from.host}/app:1`)).toEqual(one);
    // A container of another image has one of its layers.
    expect(await store.collect(now - 500, new Set(one.layers.filter((layer) => !two.layers.includes(layer))))).toBe(0);
    expect(await store.find(`${from.host}/app:1`)).toBeUndefined();
    expect(await store.collect(now - 500, new Set())).toBe(1);
    expect(await store.find(`${from.host}/app:2`)).toEqual(two);
  });
});
