import { PlatformError } from '@stadion/base';
import { VirtualTime } from '@stadion/base/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { createMemoryStore } from './adapters/memory/index.ts';
import { GroupCommit } from './group-commit.ts';
import { COMMIT_OPERATIONS_MAX, GROUP_PENDING_OPERATIONS_MAX, VALUE_BYTES_MAX } from './limits.ts';
import type { EmbeddedStore, JsonValue, StoreOperation } from './store.ts';

let time: VirtualTime;
let memory: EmbeddedStore;
/** Keys of each commit that reached the store. */
let commits: string[][];
/** While true, commits wait for `release`. */
let isHeld: boolean;
let release: () => void;
let failWith: Error | undefined;
let failures: unknown[];
let group: GroupCommit;

beforeEach(() => {
  time = new VirtualTime();
  memory = createMemoryStore();
  commits = [];
  isHeld = false;
  failWith = undefined;
  failures = [];
  group = makeGroup();
});

describe('group commit', () => {
  test('puts everything of one turn into one commit', async () => {
    const submits = [group.submit([put('/a', 1)]), group.submit([put('/b', 1), put('/c', 1)])];
    expect(group.pending).toBe(3);
    expect(commits).toEqual([]);
    await time.advance(0);
    await Promise.all(submits);
    expect(commits).toEqual([['/a', '/b', '/c']]);
    expect(group.pending).toBe(0);
  });

  test('puts everything that arrives during a commit into the next one', async () => {
    isHeld = true;
    const first = group.submit([put('/first', 1)]);
    await time.advance(0);
    const later = [group.submit([put('/a', 1)]), group.submit([put('/b', 1)])];
    await time.advance(1000);
    expect(commits).toEqual([['/first']]);
    isHeld = false;
    release();
    await first;
    await Promise.all(later);
    expect(commits).toEqual([['/first'], ['/a', '/b']]);
  });

  test('resolves in the order of the submits, and not before the records can be read', async () => {
    const order: number[] = [];
    const submits = Array.from({ length: 100 }, async (_, index) => {
      await group.submit([put(`/${index}`, index)]);
      order.push(index);
      expect(await memory.get(`/${index}`)).toMatchObject({ value: index });
    });
    await time.advance(0);
    await Promise.all(submits);
    expect(order).toEqual([...order.keys()]);
  });

  test('lets the last change of a record win', async () => {
    const submits = [
      group.submit([put('/a', 1), put('/b', 1)]),
      group.submit([put('/a', 2), { type: 'delete', key: '/b' }]),
      group.submit([put('/c', 3)]),
    ];
    await time.advance(0);
    await Promise.all(submits);
    expect(commits).toEqual([['/a', '/b', '/c']]);
    expect(await memory.get('/a')).toMatchObject({ value: 2 });
    expect(await memory.get('/b')).toBeUndefined();
  });

  test('keeps the operations of a submit together at the limit of a commit', async () => {
    group = makeGroup(4);
    const submits = [3, 2, 1, 6, 1].map((size, number) =>
      group.submit(Array.from({ length: size }, (_, index) => put(`/${number}/${index}`, 1))),
    );
    await time.advance(0);
    await Promise.all(submits);
    expect(commits.map((keys) => keys.length)).toEqual([3, 3, 6, 1]);
  });

  test('lets a value that is too large spoil its own submit only', async () => {
    const outcomes = Promise.allSettled([
      group.submit([put('/a', 1)]),
      group.submit([put('/b', 1), put('/large', 'x'.repeat(VALUE_BYTES_MAX))]),
      group.submit([put('/c', 1)]),
    ]);
    await time.advance(0);
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await memory.get('/b')).toBeUndefined();
    expect(failures).toEqual([]);
    const next = group.submit([put('/d', 1)]);
    await time.advance(0);
    await next;
  });

  test('refuses a submit that no commit can hold, and goes on', async () => {
    const operations = Array.from({ length: COMMIT_OPERATIONS_MAX + 1 }, (_, index) => put(`/${index}`, 1));
    const outcome = expect(group.submit(operations)).rejects.toMatchObject({ code: 'store-batch-too-large' });
    await time.advance(0);
    await outcome;
    const next = group.submit([put('/a', 1)]);
    await time.advance(0);
    await next;
  });

  test('ends with the first commit that fails: everything waiting and everything later gets its error', async () => {
    isHeld = true;
    failWith = new PlatformError('store-full', 'The disk is full.');
    const outcomes = Promise.allSettled([group.submit([put('/a', 1)])]);
    await time.advance(0);
    const waiting = Promise.allSettled([group.submit([put('/b', 1)]), group.submit([put('/c', 1)])]);
    isHeld = false;
    release();
    for (const outcome of [...(await outcomes), ...(await waiting)]) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: failWith });
    }
    await expect(group.submit([put('/d', 1)])).rejects.toBe(failWith);
    expect(failures).toEqual([failWith]);
    expect(group.pending).toBe(0);
    expect(commits).toEqual([['/a']]);
  });

  test('ends when another leader has taken over', async () => {
    await memory.campaign('another');
    const outcome = expect(group.submit([put('/a', 1)])).rejects.toMatchObject({ code: 'store-stale-epoch' });
    await time.advance(0);
    await outcome;
    expect(failures).toHaveLength(1);
  });

  test('writes what was submitted before it closes, and refuses what comes after', async () => {
    const submitted = group.submit([put('/a', 1)]);
    const closing = group.close();
    await expect(group.submit([put('/b', 1)])).rejects.toMatchObject({ code: 'store-closed' });
    await closing;
    await submitted;
    expect(commits).toEqual([['/a']]);
    await group.close();
    expect(failures).toEqual([]);
  });

  test('holds a bounded number of operations', async () => {
    isHeld = true;
    const half = Array.from({ length: GROUP_PENDING_OPERATIONS_MAX / 2 }, () => put('/same', 1));
    const outcomes = Promise.allSettled([group.submit(half), group.submit(half)]);
    await expect(group.submit([put('/one too many', 1)])).rejects.toMatchObject({
      code: 'store-busy',
      retryable: true,
    });
    isHeld = false;
    await group.close();
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  });

  test('takes no expected versions', () => {
    expect(() => group.submit([{ type: 'put', key: '/a', value: 1, expectedVersion: 0 }])).toThrow('expected versions');
  });
});

function makeGroup(operationsPerCommit?: number): GroupCommit {
  return new GroupCommit({
    store: {
      get: (key) => memory.get(key),
      list: (prefix) => memory.list(prefix),
      close: () => memory.close(),
      async commit(operations, epoch) {
        commits.push(operations.map(({ key }) => key));
        if (isHeld) {
          await new Promise<void>((resolve) => {
            release = resolve;
          });
        }
        if (failWith !== undefined) throw failWith;
        await memory.commit(operations, epoch);
      },
    },
    epoch: 0,
    timers: time,
    onFailure: (error) => failures.push(error),
    ...(operationsPerCommit === undefined ? {} : { operationsPerCommit }),
  });
}

function put(key: string, value: JsonValue): StoreOperation {
  return { type: 'put', key, value };
}
