import { expect, test } from 'vitest';
import { knownAgents, nodeRows } from './node-row.ts';

test('machines that are out of contact are among the nodes, given up or still waited for', () => {
  const rows = nodeRows(
    knownAgents({
      slaves: [],
      unreachable_slaves: [{ id: 'M-S7', hostname: 'web-7' }],
      recovered_slaves: [{ id: 'M-S8', hostname: 'web-8' }],
    }),
  );
  expect(rows).toMatchObject([
    { id: 'M-S7', hostname: 'web-7', state: 'away', registeredAt: undefined },
    { id: 'M-S8', hostname: 'web-8', state: 'away' },
  ]);
  expect(rows[0]?.cpus).toEqual({ used: 0, total: 0 });
});
