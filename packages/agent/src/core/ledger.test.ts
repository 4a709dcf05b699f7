import type { Resource } from '@stadion/contract/mesos';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ledger } from './ledger.ts';

const cpus = (value: number): Resource => ({ name: 'cpus', type: 'SCALAR', scalar: { value } });
const ports = (begin: number, end: number): Resource => ({
  name: 'ports',
  type: 'RANGES',
  ranges: { range: [{ begin, end }] },
});

describe('the ledger', () => {
  it('adds tenths without drifting', () => {
    const ledger = new Ledger([cpus(1)]);
    for (let count = 0; count < 10; count += 1) expect(ledger.hold([cpus(0.1)])).toBeUndefined();
    expect(ledger.hold([cpus(0.001)])).toContain('0 left');
  });

  it('refuses ports that it does not have, and ports that somebody holds', () => {
    const ledger = new Ledger([ports(31000, 31009)]);
    expect(ledger.hold([ports(31009, 31010)])).toContain('does not have');
    expect(ledger.hold([ports(31000, 31004)])).toBeUndefined();
    expect(ledger.hold([ports(31004, 31005)])).toContain('31004');
  });

  it('has an account for every disk of its own', () => {
    const disk = (value: number, root?: string): Resource => ({
      ...cpus(value),
      name: 'disk',
      ...(root !== undefined && { disk: { source: { type: 'PATH', path: { root } } } }),
    });
    const ledger = new Ledger([disk(10), disk(5, '/a'), disk(7, '/b')]);
    expect(ledger.hold([disk(6, '/a')])).toContain('disk at /a');
    expect(ledger.hold([disk(5, '/a'), disk(10), disk(7, '/b')])).toBeUndefined();
    expect(ledger.hold([disk(1)])).toContain('0 left');
    ledger.free([disk(5, '/a')]);
    expect(ledger.hold([disk(1, '/b')])).toContain('disk at /b');
    expect(ledger.totalAmount('disk')).toBe(10);
  });

  it('lends cpus and nothing else', () => {
    const ledger = new Ledger([cpus(4)]);
    ledger.lend(2);
    expect(ledger.hold([{ ...cpus(1), name: 'mem', revocable: {} }])).toContain('0 left');
    expect(ledger.hold([{ ...cpus(2), revocable: {} }])).toBeUndefined();
    expect(ledger.hold([{ ...cpus(1), revocable: {} }])).toContain('0 left');
    expect(ledger.hold([cpus(4)])).toBeUndefined();
  });

  it('is never overdrawn by any sequence of holds and frees, and is empty when all is freed', () => {
    const task = fc.record({
      amount: fc.integer({ min: 0, max: 3000 }),
      port: fc.integer({ min: 30_999, max: 31_010 }),
    });
    fc.assert(
      fc.property(fc.array(fc.oneof(task, fc.nat(20)), { maxLength: 60 }), (steps) => {
        const ledger = new Ledger([cpus(4), ports(31000, 31009)]);
        const held: Resource[][] = [];
        for (const step of steps) {
          if (typeof step === 'number') {
            const [resources] = held.splice(step % Math.max(1, held.length), 1);
            if (resources !== undefined) ledger.free(resources);
          } else {
            const resources = [cpus(step.amount / 1000), ports(step.port, step.port)];
            if (ledger.hold(resources) === undefined) held.push(resources);
          }
          expect(ledger.heldAmount('cpus')).toBeLessThanOrEqual(4);
          expect(ledger.heldPorts()).toHaveLength(held.length);
        }
        for (const resources of held) ledger.free(resources);
        expect([ledger.heldAmount('cpus'), ledger.heldPorts()]).toEqual([0, []]);
      }),
    );
  });
});
