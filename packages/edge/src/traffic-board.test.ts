import { expect, it } from 'vitest';
import type { ServerReport } from './ports/data-plane.ts';
import { TrafficBoard } from './traffic-board.ts';

function report(changes: Partial<ServerReport> = {}): ServerReport {
  const counts = { active: 1, requests: 10, failures: 2, latencyMs: 5 };
  return { service: 'shop', server: '10.0.0.1:80', ...counts, state: 'up', ...changes };
}

it('adds up what the processes know of a server, and takes the word of any that keeps it out', () => {
  const board = new TrafficBoard();
  board.report(1, [report()], 0);
  board.report(2, [report({ state: 'ejected', requests: 7, failures: 5, latencyMs: 9 })], 0);
  expect(board.serverReport('shop', '10.0.0.1:80')).toEqual(
    report({ active: 2, requests: 17, failures: 7, latencyMs: 9, state: 'ejected' }),
  );
});

it('forgets what a process said before, and processes that are gone', () => {
  const board = new TrafficBoard();
  board.report(1, [report({ state: 'ejected' })], 0);
  // Another instance has the port now: the process has nothing to say of it.
  board.report(1, [], 1_000);
  expect(board.serverReport('shop', '10.0.0.1:80')).toBeUndefined();
  board.report(1, [report({ state: 'down' })], 2_000);
  board.report(2, [report({ requests: 3 })], 40_000);
  expect(board.serverReport('shop', '10.0.0.1:80')).toEqual(report({ requests: 3 }));
});
