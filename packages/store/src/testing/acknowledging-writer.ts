/**
 * A process that lives to be killed: it commits without end and says on stdout what was acknowledged, one line each.
 * Usage: `node acknowledging-writer.js DIRECTORY`. Line `N` means: the records /kill/N/a, b and c are on disk.
 */
import { writeSync } from 'node:fs';
import { silentLogger } from '@stadion/base';
import { systemTimers } from '@stadion/base/system';
import { openLmdbStore } from '../adapters/lmdb/index.ts';
import { GroupCommit } from '../group-commit.ts';
import type { StoreOperation } from '../store.ts';

const SUBMITS_PER_ROUND = 10;

const store = await openLmdbStore({ directory: process.argv[2] ?? '', timers: systemTimers, log: silentLogger });
const { epoch } = await store.campaign('writer');
const group = new GroupCommit({ store, epoch, timers: systemTimers });
let next = 0;
for (;;) {
  await Promise.all(
    Array.from({ length: SUBMITS_PER_ROUND }, async () => {
      const number = next;
      next += 1;
      const operations = ['a', 'b', 'c'].map((name): StoreOperation => ({
        type: 'put',
        key: `/kill/${number}/${name}`,
        value: { number, fill: 'x'.repeat(200) },
      }));
      operations.push({ type: 'put', key: '/newest', value: number });
      await group.submit(operations);
      // Straight to the descriptor: what is printed is with the reader, even when the next moment is the last.
      writeSync(1, `${number}\n`);
    }),
  );
}
