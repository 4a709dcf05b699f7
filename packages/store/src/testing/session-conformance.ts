/** What every session with an ensemble does, as claims that any test runner can run. */
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { PlatformError } from '@stadion/base';
import { refusalIn, type EnsembleSession } from '../adapters/zookeeper/session.ts';

/** One ensemble, with an empty folder for each claim. */
export interface SessionHarness {
  readonly folder: string;
  open(): EnsembleSession;
}

/** One thing that holds for every session. */
export interface SessionClaim {
  readonly name: string;
  check(harness: SessionHarness): Promise<void>;
}

/** All of it. */
export const sessionConformance: readonly SessionClaim[] = [
  {
    name: 'makes folders, and tells what is not there from what is empty',
    async check({ folder, open }) {
      const session = open();
      await session.makeFolder(`${folder}/a/b`);
      await session.makeFolder(`${folder}/a/b`);
      deepStrictEqual(await session.children(folder), ['a']);
      deepStrictEqual(await session.children(`${folder}/a/b`), []);
      strictEqual(await session.children(`${folder}/c`), undefined);
      strictEqual(await session.read(`${folder}/c`), undefined);
      strictEqual(await session.exists(`${folder}/c`), false);
      strictEqual(await session.exists(`${folder}/a`), true);
      session.close();
    },
  },
  {
    name: 'changes all or nothing, and counts the versions of a node from 0',
    async check({ folder, open }) {
      const session = open();
      await session.makeFolder(folder);
      const path = `${folder}/node`;
      await session.transact([{ type: 'create', path, data: Buffer.from('one') }]);
      const read = async (): Promise<unknown> => {
        const node = await session.read(path);
        return [node?.data.toString(), node?.version];
      };
      deepStrictEqual(await read(), ['one', 0]);
      await session.transact([{ type: 'set', path, data: Buffer.from('two'), version: 0 }]);
      deepStrictEqual(await read(), ['two', 1]);
      const bad = [
        [{ type: 'set', path, data: Buffer.from('three'), version: 2 }, 'bad-version'],
        [{ type: 'check', path, version: 2 }, 'bad-version'],
        [{ type: 'check', path: `${path}/none` }, 'no-node'],
        [{ type: 'remove', path: `${path}/none` }, 'no-node'],
        [{ type: 'create', path, data: Buffer.alloc(0) }, 'node-exists'],
      ] as const;
      for (const [change, refusal] of bad) {
        const other = { type: 'create', path: `${folder}/other`, data: Buffer.alloc(0) } as const;
        await rejects(session.transact([other, change]), (error) => refusalIn(error) === refusal);
      }
      deepStrictEqual(await session.children(folder), ['node']);
      await session.transact([
        { type: 'check', path, version: 1 },
        { type: 'remove', path },
      ]);
      strictEqual(await session.read(path), undefined);
      session.close();
    },
  },
  {
    name: 'numbers candidates in the order of their coming, never the same twice, and takes them along when it is closed',
    async check({ folder, open }) {
      const [one, two] = [open(), open()];
      await one.makeFolder(folder);
      const first = await one.createCandidate(`${folder}/c_`, Buffer.from('first'));
      const second = await two.createCandidate(`${folder}/c_`, Buffer.from('second'));
      await two.remove(second);
      const third = await two.createCandidate(`${folder}/c_`, Buffer.from('third'));
      ok(first < second && second < third, `${first}, ${second}, ${third}`);
      strictEqual((await two.read(first))?.data.toString(), 'first');
      const isGone = new Promise<void>((resolve) => {
        two.exists(first, resolve).catch(() => undefined);
      });
      strictEqual(await two.exists(first), true);
      one.close();
      await isGone;
      strictEqual(await two.exists(first), false);
      two.close();
    },
  },
  {
    name: 'calls a watcher once, however often it was given before',
    async check({ folder, open }) {
      const [session, other] = [open(), open()];
      await session.makeFolder(folder);
      let calls = 0;
      let told: () => void = () => undefined;
      const change = (): void => {
        calls += 1;
        told();
      };
      for (let round = 0; round < 20; round += 1) await session.children(folder, change);
      for (let round = 0; round < 2; round += 1) {
        const heard = new Promise<void>((resolve) => (told = resolve));
        await other.makeFolder(`${folder}/${String(round)}`);
        await heard;
        strictEqual(calls, round + 1);
        // It heard of one change, and is not told of the next before it asks.
        await other.makeFolder(`${folder}/${String(round)}-unheard`);
        await session.children(folder);
        strictEqual(calls, round + 1);
        await session.children(folder, change);
      }
      session.close();
      other.close();
    },
  },
  {
    name: 'tells that it is over, and answers nothing more',
    async check({ folder, open }) {
      const session = open();
      await session.makeFolder(folder);
      session.close();
      ok((await session.lost) instanceof PlatformError);
      await rejects(session.read(folder), { code: 'store-unreachable' });
    },
  },
];
