/** What every store does, as claims that any test runner can run: `for (const claim of storeConformance) test(claim.name, …)`. */
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { errorCode } from '@stadion/base';
import { COMMIT_OPERATIONS_MAX, KEY_BYTES_MAX, VALUE_BYTES_MAX } from '../limits.ts';
import type { Election, JsonValue, Store, StoreOperation, StoreRecord } from '../store.ts';

/** One adapter on one place that keeps records, empty at the start of each claim. */
export interface StoreHarness {
  /** Opens the place, or opens it again after the store was closed. */
  open(): Promise<Store & Election>;
}

/** One thing that holds for every store. */
export interface StoreClaim {
  readonly name: string;
  /** Rejects when it does not hold. The store that the claim opened last is closed by then, if it holds. */
  check(harness: StoreHarness): Promise<void>;
}

/** All of it. A new adapter passes these before anything else is said about it. */
export const storeConformance: readonly StoreClaim[] = [
  claim('gives undefined for a record that is not there', async (store) => {
    strictEqual(await store.get('/nothing'), undefined);
    deepStrictEqual(await collect(store, ''), []);
  }),

  claim('keeps every JSON value as it is', async (store, epoch) => {
    const entries = JSON_VALUES.map((value, index) => ({ key: `/values/${String(index).padStart(3, '0')}`, value }));
    await store.commit(
      entries.map(({ key, value }) => put(key, value)),
      epoch,
    );
    for (const { key, value } of entries) deepStrictEqual((await store.get(key))?.value, value);
    deepStrictEqual(
      (await collect(store, '/values/')).map((record) => record.value),
      entries.map(({ value }) => value),
    );
  }),

  claim('hands out values that nobody shares', async (store, epoch) => {
    const value = { list: [1, 2, 3] };
    await store.commit([put('/a', value)], epoch);
    const read = (await store.get('/a'))?.value as { list: number[] };
    read.list.push(4);
    deepStrictEqual((await store.get('/a'))?.value, { list: [1, 2, 3] });
  }),

  claim('counts the versions of a record from 1, and again from 1 after it was deleted', async (store, epoch) => {
    await store.commit([put('/a', 1)], epoch);
    await store.commit([put('/a', 2)], epoch);
    deepStrictEqual(await store.get('/a'), { key: '/a', value: 2, version: 2 });
    await store.commit([remove('/a')], epoch);
    strictEqual(await store.get('/a'), undefined);
    await store.commit([put('/a', 3)], epoch);
    deepStrictEqual(await store.get('/a'), { key: '/a', value: 3, version: 1 });
  }),

  claim('applies the operations of a batch in order, each seeing those before it', async (store, epoch) => {
    await store.commit([put('/a', 1), put('/a', 2, 1), remove('/a', 2), put('/a', 3, 0), put('/b', 1)], epoch);
    deepStrictEqual(await store.get('/a'), { key: '/a', value: 3, version: 1 });
    await store.commit([put('/b', 2), remove('/b'), put('/c', 1)], epoch);
    strictEqual(await store.get('/b'), undefined);
  }),

  claim('applies nothing of a batch when one expected version is wrong', async (store, epoch) => {
    await store.commit([put('/a', 'old'), put('/b', 'old')], epoch);
    const wrong: StoreOperation[] = [put('/b', 'new', 2), put('/b', 'new', 0), remove('/b', 7), put('/c', 'new', 1)];
    for (const operation of wrong) {
      await refused(store.commit([put('/a', 'new'), put('/d', 'new'), operation], epoch), 'store-version-conflict');
      await refused(store.commit([operation, put('/a', 'new'), put('/d', 'new')], epoch), 'store-version-conflict');
    }
    deepStrictEqual(await collect(store, ''), [
      { key: '/a', value: 'old', version: 1 },
      { key: '/b', value: 'old', version: 1 },
    ]);
    await store.commit([put('/a', 'new', 1), remove('/b', 1), put('/c', 'new', 0)], epoch);
    deepStrictEqual(
      (await collect(store, '')).map(({ key, version }) => [key, version]),
      [
        ['/a', 2],
        ['/c', 1],
      ],
    );
  }),

  claim('takes the deletion of what is not there, unless a version was expected', async (store, epoch) => {
    await store.commit([remove('/nothing'), remove('/nothing', 0)], epoch);
    await refused(store.commit([remove('/nothing', 1)], epoch), 'store-version-conflict');
  }),

  claim('takes an empty batch', async (store, epoch) => {
    await store.commit([], epoch);
  }),

  claim('lists by prefix, in the order of the bytes of the keys', async (store, epoch) => {
    const keys = [...ORDERED_KEYS];
    await store.commit(
      [...keys].reverse().map((key) => put(key, key)),
      epoch,
    );
    deepStrictEqual(await keysOf(store, ''), keys);
    for (const prefix of ['/', '/a', '/a/', '/a/b', '/ä', '/zz', '\u{10ffff}', '/apps/\u{ffff}', '/nothing']) {
      deepStrictEqual(
        await keysOf(store, prefix),
        keys.filter((key) => key.startsWith(prefix)),
        `prefix ${prefix}`,
      );
    }
  }),

  claim('lists more than one turn reads, each record once', async (store, epoch) => {
    const keys = Array.from({ length: 3000 }, (_, index) => `/many/${String(index).padStart(5, '0')}`);
    await store.commit(
      keys.map((key) => put(key, { key, text: 'x'.repeat(400) })),
      epoch,
    );
    deepStrictEqual(await keysOf(store, '/many/'), keys);
    strictEqual((await keysOf(store, '/many/00')).length, 1000);
  }),

  claim('lets a listing be left early', async (store, epoch) => {
    await store.commit([put('/a', 1), put('/b', 2)], epoch);
    for await (const record of store.list('/')) {
      strictEqual(record.key, '/a');
      break;
    }
    await store.commit([put('/c', 3)], epoch);
    deepStrictEqual(await keysOf(store, '/'), ['/a', '/b', '/c']);
  }),

  claim('takes keys of any text up to 1,024 bytes', async (store, epoch) => {
    const keys = [
      '/k'.padEnd(KEY_BYTES_MAX, 'x'),
      'ü'.repeat(KEY_BYTES_MAX / 2),
      '🎬'.repeat(KEY_BYTES_MAX / 4),
      ' ',
      '\0',
    ];
    await store.commit(
      keys.map((key) => put(key, key)),
      epoch,
    );
    for (const key of keys) strictEqual((await store.get(key))?.value, key);
    for (const key of [
      '',
      `${'x'.repeat(KEY_BYTES_MAX)}x`,
      `${'ü'.repeat(KEY_BYTES_MAX / 2)}x`,
      'half \ud83c of a pair',
    ]) {
      await rejects(store.commit([put(key, 1)], epoch), { name: 'AssertionError' });
    }
  }),

  claim('takes values up to 512 KB and refuses larger ones, with the whole batch', async (store, epoch) => {
    const largest = 'x'.repeat(VALUE_BYTES_MAX - 2);
    await store.commit([put('/largest', largest)], epoch);
    strictEqual((await store.get('/largest'))?.value, largest);
    await refused(store.commit([put('/a', 1), put('/b', `${largest}x`)], epoch), 'store-value-too-large');
    await refused(store.commit([put('/b', 'ü'.repeat(VALUE_BYTES_MAX / 2))], epoch), 'store-value-too-large');
    deepStrictEqual(await keysOf(store, ''), ['/largest']);
  }),

  claim('refuses a batch of more operations than its limit', async (store, epoch) => {
    const operations = Array.from({ length: COMMIT_OPERATIONS_MAX + 1 }, (_, index) => put(`/${index}`, index));
    await refused(store.commit(operations, epoch), 'store-batch-too-large');
    await store.commit(operations.slice(1), epoch);
    strictEqual((await keysOf(store, '/')).length, COMMIT_OPERATIONS_MAX);
  }),

  claim('makes concurrent commits take effect in the order of the calls', async (store, epoch) => {
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        await store.commit([put('/counter', index, index), put(`/each/${index}`, index)], epoch);
        order.push(index);
      }),
    );
    deepStrictEqual(await store.get('/counter'), { key: '/counter', value: 199, version: 200 });
    deepStrictEqual(order, [...order.keys()]);
    strictEqual((await keysOf(store, '/each/')).length, 200);
  }),

  claim('lets one of many rivals win a version', async (store, epoch) => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) =>
        store.commit([put('/prize', index, 0), put(`/rival/${index}`, 1)], epoch),
      ),
    );
    strictEqual(outcomes.filter((outcome) => outcome.status === 'fulfilled').length, 1);
    strictEqual((await keysOf(store, '/rival/')).length, 1);
  }),

  claim('shows what was committed to whoever reads after it', async (store, epoch) => {
    for (let round = 1; round <= 20; round += 1) {
      await store.commit([put('/round', round)], epoch);
      strictEqual((await store.get('/round'))?.value, round);
    }
  }),

  claim('gives every campaign a higher epoch, and refuses the commits of earlier ones', async (store, epoch) => {
    await store.commit([put('/leader', 'first')], epoch);
    const second = await store.campaign('second');
    ok(second.epoch > epoch);
    await refused(store.commit([put('/leader', 'first again')], epoch), 'store-stale-epoch');
    await store.commit([put('/leader', 'second')], second.epoch);
    strictEqual((await store.get('/leader'))?.value, 'second');
  }),

  {
    name: 'tells a leader that its leadership is over, and lets it resign',
    async check(harness) {
      const store = await harness.open();
      const first = await store.campaign('first');
      await first.resign();
      await first.lost;
      const second = await store.campaign('second');
      ok(second.epoch > first.epoch);
      await store.close();
      await second.lost;
    },
  },

  {
    name: 'keeps records, versions and epochs while closed',
    async check(harness) {
      let store = await harness.open();
      const first = await store.campaign('first');
      await store.commit([put('/a', 1), put('/b', { deep: [null] })], first.epoch);
      await store.commit([put('/a', 2)], first.epoch);
      await store.close();
      store = await harness.open();
      deepStrictEqual(await collect(store, ''), [
        { key: '/a', value: 2, version: 2 },
        { key: '/b', value: { deep: [null] }, version: 1 },
      ]);
      const second = await store.campaign('second');
      ok(second.epoch > first.epoch);
      await refused(store.commit([put('/a', 3)], first.epoch), 'store-stale-epoch');
      await store.close();
    },
  },

  {
    name: 'finishes what was asked before it closes, and refuses everything after',
    async check(harness) {
      let store = await harness.open();
      const { epoch } = await store.campaign('only');
      const commits = [store.commit([put('/a', 1)], epoch), store.commit([put('/b', 1)], epoch)];
      await store.close();
      await Promise.all(commits);
      await refused(store.get('/a'), 'store-closed');
      await refused(store.commit([put('/c', 1)], epoch), 'store-closed');
      await refused(collect(store, ''), 'store-closed');
      await refused(store.campaign('late'), 'store-closed');
      await store.close();
      store = await harness.open();
      deepStrictEqual(await keysOf(store, ''), ['/a', '/b']);
      await store.close();
    },
  },
];

/** Values whose JSON text is easily got wrong. */
const JSON_VALUES: readonly JsonValue[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e-7,
  1e21,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_VALUE,
  Number.MAX_VALUE,
  '',
  'text',
  'line\nquote"backslash\\nul\0',
  'ümläut 🎬 \u2028',
  'half \ud83c of a pair',
  [],
  {},
  [null, [[]], {}],
  { '': { 'a/b': [1, { c: null }] }, toString: 'no method', constructor: 1 },
];

/** In the order of their bytes, which is neither that of UTF-16 units nor that of any language. */
const ORDERED_KEYS: readonly string[] = [
  '/',
  '/A',
  '/a',
  '/a-b',
  '/a/b',
  '/a/b/c',
  '/aa',
  '/apps/\u{ffff}',
  '/apps/\u{ffff}/x',
  '/apps/\u{1f3ac}',
  '/zz',
  '/ä',
  '/\u{ffff}',
  '/\u{1f3ac}',
  'a',
  '\u{10ffff}',
  '\u{10ffff}\u{10ffff}',
];

function claim(name: string, check: (store: Store & Election, epoch: number) => Promise<void>): StoreClaim {
  return {
    name,
    async check(harness) {
      const store = await harness.open();
      const { epoch } = await store.campaign('conformance');
      await check(store, epoch);
      await store.close();
    },
  };
}

function put(key: string, value: JsonValue, expectedVersion?: number): StoreOperation {
  return { type: 'put', key, value, ...(expectedVersion === undefined ? {} : { expectedVersion }) };
}

function remove(key: string, expectedVersion?: number): StoreOperation {
  return { type: 'delete', key, ...(expectedVersion === undefined ? {} : { expectedVersion }) };
}

async function collect(store: Store, prefix: string): Promise<StoreRecord[]> {
  const records: StoreRecord[] = [];
  for await (const record of store.list(prefix)) records.push(record);
  return records;
}

async function keysOf(store: Store, prefix: string): Promise<string[]> {
  return (await collect(store, prefix)).map((record) => record.key);
}

async function refused(promise: Promise<unknown>, code: string): Promise<void> {
  await rejects(promise, (error) => {
    strictEqual(errorCode(error), code);
    return true;
  });
}
