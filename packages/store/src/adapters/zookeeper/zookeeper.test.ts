import { silentLogger } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import zookeeper from 'node-zookeeper-client';
import type { JsonValue, SharedStore, StoreOperation } from '../../store.ts';
import { ZooKeeperEnsemble, hasZooKeeper, storeConformance } from '../../testing.ts';
import { sessionConformance } from '../../testing/session-conformance.ts';
import { openZooKeeperStore, watchZooKeeperMasters } from './index.ts';
import { ZooKeeperSession } from './zookeeper-session.ts';

describe.skipIf(!hasZooKeeper())('the store in a real ZooKeeper', { timeout: 60_000 }, () => {
  let ensemble: ZooKeeperEnsemble;
  let folders = 0;

  beforeAll(async () => {
    ensemble = await ZooKeeperEnsemble.start({ servers: 1 });
  }, 90_000);

  afterAll(async () => {
    await ensemble.stop();
  });

  function newUrl(credentials = ''): string {
    folders += 1;
    return `zk://${credentials}${ensemble.connectString}/deep/folder-${String(folders)}`;
  }

  function open(url: string): Promise<SharedStore> {
    return openZooKeeperStore({ url, clock: systemClock, timers: systemTimers, log: silentLogger });
  }

  for (const claim of storeConformance) {
    test(claim.name, async () => {
      const url = newUrl();
      await claim.check({ open: () => open(url) });
    });
  }

  for (const claim of sessionConformance) {
    test(`a session ${claim.name}`, async () => {
      folders += 1;
      const place = { servers: ensemble.connectString.split(','), path: '/', isSecure: false };
      await claim.check({
        folder: `/claim-${String(folders)}`,
        open: () =>
          new ZooKeeperSession({
            place,
            sessionTimeoutMs: 6_000,
            clock: systemClock,
            timers: systemTimers,
            log: silentLogger,
          }),
      });
    });
  }

  test('lets in those with the user and password, and nobody else', async () => {
    const url = newUrl('stadion:secret@');
    const store = await open(url);
    const { epoch } = await store.campaign('{}');
    await store.commit([put('/a', 1)], epoch);
    await expect(keysOf(await open(url.replace('stadion:secret@', '')))).rejects.toMatchObject({
      code: 'store-damaged',
    });
    await store.close();
    expect(await keysOf(await open(url))).toEqual(['/a']);
  });

  test('keeps a batch whole that takes several transactions, and the journal short over many commits', async () => {
    const url = newUrl();
    const store = await open(url);
    const { epoch } = await store.campaign('{}');
    const text = 'x'.repeat(200_000);
    const large = Array.from({ length: 6 }, (_, index) => put(`/large/${String(index)}`, text));
    for (let round = 0; round < 640; round += 1) await store.commit([put(`/small/${String(round % 7)}`, round)], epoch);
    for (let round = 0; round < 32; round += 1) await store.commit(large, epoch);
    await store.commit([put('/last', 1)], epoch);
    await store.close();
    expect(await journalOf(url)).toBeLessThan(160);
    const reader = await open(url);
    const found = new Map<string, unknown>();
    for await (const { key, value } of reader.list('')) found.set(key, value);
    expect(found.size).toBe(14);
    expect(found.get('/large/5')).toBe(text);
    expect(found.get('/small/5')).toBe(639 - ((639 - 5) % 7));
    await reader.close();
  });

  test('tells of all masters in line, of those in protobuf while none is in JSON', async () => {
    const url = newUrl();
    const folder = new URL(url.replace(/^zk:/, 'http:')).pathname;
    const client = await connected(ensemble.connectString);
    const announce = (name: string) =>
      new Promise<void>((resolve, reject) => {
        client.create(`${folder}/${name}`, Buffer.from(name), (error) => {
          if (!(error instanceof Error)) resolve();
          else reject(new Error(String(error)));
        });
      });
    await new Promise((resolve) => client.mkdirp(folder, resolve));
    const watch = watchZooKeeperMasters({ url, clock: systemClock, timers: systemTimers, log: silentLogger });
    let seen: string[] = [];
    const next: { resolve: () => void } = { resolve: () => undefined };
    watch.observeMasters((masters) => {
      seen = masters.map(({ format, data }) => `${format} ${Buffer.from(data).toString()}`);
      next.resolve();
    });
    const until = async (wanted: readonly string[]): Promise<void> => {
      while (seen.join() !== wanted.join()) await new Promise<void>((resolve) => (next.resolve = resolve));
    };
    await announce('info_0000000007');
    await until(['protobuf info_0000000007']);
    await announce('info_0000000003');
    await until(['protobuf info_0000000003', 'protobuf info_0000000007']);
    await announce('json.info_0000000009');
    await until(['json json.info_0000000009']);
    await announce('json.info_0000000008');
    await until(['json json.info_0000000008', 'json json.info_0000000009']);
    watch.close();
    client.close();
  });

  test('lets one of two lead; the other follows, takes over, and the first is refused', async () => {
    const url = newUrl();
    const first = await open(url);
    const second = await open(url);
    const seen: (string | undefined)[] = [];
    const watch = second.observeLeader((candidate) => seen.push(candidate));
    const firstReign = await first.campaign('first');
    await first.commit([put('/a', 1)], firstReign.epoch);
    let hasWon = false;
    const secondReign = second.campaign('second').then((reign) => {
      hasWon = true;
      return reign;
    });
    expect(await keysOf(await open(url))).toEqual(['/a']);
    expect(hasWon).toBe(false);
    await firstReign.resign();
    await firstReign.lost;
    const { epoch } = await secondReign;
    expect(epoch).toBeGreaterThan(firstReign.epoch);
    await second.commit([put('/a', 2, 1)], epoch);
    await expect(first.commit([put('/a', 3)], firstReign.epoch)).rejects.toMatchObject({ code: 'store-unreachable' });
    expect((await first.get('/a'))?.value).toBe(2);
    await expect.poll(() => seen.at(-1)).toBe('second');
    watch.stop();
    await first.close();
    await second.close();
  });

  test('tell of a leader again that has lost the lead and leads anew', async () => {
    const url = newUrl();
    const leader = await open(url);
    const follower = await open(url);
    const reign = await leader.campaign('the same');
    const seen: (string | undefined)[] = [];
    const watch = follower.observeLeader((candidate) => seen.push(candidate));
    await expect.poll(() => seen).toEqual(['the same']);
    await reign.resign();
    await leader.campaign('the same');
    await expect.poll(() => seen.filter((candidate) => candidate === 'the same').length).toBe(2);
    watch.stop();
    await leader.close();
    await follower.close();
  });
});

describe.skipIf(!hasZooKeeper())('the store in three ZooKeepers', { timeout: 90_000 }, () => {
  let ensemble: ZooKeeperEnsemble;

  beforeAll(async () => {
    ensemble = await ZooKeeperEnsemble.start({ servers: 3 });
  }, 120_000);

  afterAll(async () => {
    await ensemble.stop();
  });

  test('goes on in the same session when a server freezes or is killed, and ends it when most are gone', async () => {
    const url = `zk://${ensemble.connectString}/three`;
    const store = await openZooKeeperStore({ url, clock: systemClock, timers: systemTimers, log: silentLogger });
    const reign = await store.campaign('{}');
    let isLost = false;
    void reign.lost.then(() => {
      isLost = true;
    });
    const follower = (await Promise.all([0, 1, 2].map((index) => ensemble.mode(index)))).indexOf('follower');
    await ensemble.signal(follower, 'SIGSTOP');
    for (let round = 0; round < 20; round += 1) {
      await store.commit([put('/frozen', round)], reign.epoch);
    }
    await ensemble.signal(follower, 'SIGKILL');
    ensemble.launch(follower);
    await ensemble.serving(follower);
    expect(isLost).toBe(false);
    expect((await store.get('/frozen'))?.value).toBe(19);

    for (const index of [0, 1, 2]) await ensemble.signal(index, 'SIGKILL');
    const commit = store.commit([put('/late', 1)], reign.epoch);
    await expect(commit).rejects.toMatchObject({ code: 'store-unreachable' });
    await reign.lost;
    for (const index of [0, 1, 2]) ensemble.launch(index);
    for (const index of [0, 1, 2]) await ensemble.serving(index);
    const again = await store.campaign('{}');
    expect(again.epoch).toBeGreaterThan(reign.epoch);
    expect((await store.get('/frozen'))?.value).toBe(19);
    await store.close();
  });
});

function put(key: string, value: JsonValue, expectedVersion?: number): StoreOperation {
  return { type: 'put', key, value, ...(expectedVersion === undefined ? {} : { expectedVersion }) };
}

async function connected(servers: string): Promise<zookeeper.Client> {
  const client = zookeeper.createClient(servers);
  await new Promise<void>((resolve) => {
    client.once('connected', () => resolve());
    client.connect();
  });
  return client;
}

/** How many nodes the journal takes. */
async function journalOf(url: string): Promise<number> {
  const [, servers = '', folder = ''] = /^zk:\/\/([^/]+)(.*)$/.exec(url) ?? [];
  const client = await connected(servers);
  return new Promise((resolve, reject) => {
    client.getChildren(`${folder}/state/journal`, (error, children) => {
      client.close();
      if (error === null) resolve(children.length);
      else reject(new Error(String(error)));
    });
  });
}

async function keysOf(store: SharedStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  await store.close();
  return keys;
}
