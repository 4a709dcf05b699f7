import { beforeEach, describe, expect, it } from 'vitest';
import { answerToggle, LogVerbosity } from './log-verbosity.ts';
import { VirtualTime } from './virtual-time.ts';

let time: VirtualTime;
let applied: number[];
let verbosity: LogVerbosity;

beforeEach(() => {
  time = new VirtualTime();
  applied = [];
  verbosity = new LogVerbosity(0, time, (level) => applied.push(level));
});

const toggle = (query: string, site?: string) => {
  const parameters = new URLSearchParams(query);
  return answerToggle(verbosity, { parameter: (name) => parameters.get(name) ?? undefined, site });
};

describe('the level of the log', () => {
  it('goes back when its time is over', async () => {
    expect(verbosity.set(2, 10_000)).toBeUndefined();
    await time.advance(9_999);
    expect([verbosity.level, applied]).toEqual([2, [2]]);
    await time.advance(1);
    expect([verbosity.level, applied]).toEqual([0, [2, 0]]);
  });

  it('has the time of whoever set it last', async () => {
    verbosity.set(2, 10_000);
    await time.advance(5_000);
    verbosity.set(1, 20_000);
    await time.advance(19_999);
    expect(verbosity.level).toBe(1);
    await time.advance(1);
    expect([verbosity.level, applied]).toEqual([0, [2, 1, 0]]);
  });

  it('is what it was at the start at once, and then stays so', async () => {
    verbosity.set(3, 10_000);
    expect(verbosity.set(0, 3_600_000)).toBeUndefined();
    await time.advance(3_600_000);
    expect([verbosity.level, applied]).toEqual([0, [3, 0]]);
  });

  it('never goes below that of the start', () => {
    const chatty = new LogVerbosity(1, time, (level) => applied.push(level));
    expect(chatty.set(0, 1000)).toBe(`'0' < original level`);
    expect(chatty.set(-1, 1000)).toBe(`Invalid level '-1'`);
    expect(chatty.set(1.5, 1000)).toBe(`Invalid level '1.5'`);
    expect(chatty.set(2, -1)).toBe('The duration must not be negative');
    expect(chatty.set(2, Number.NaN)).toBe('The duration must not be negative');
    expect([chatty.level, applied]).toEqual([1, []]);
  });
});

describe('/logging/toggle', () => {
  it('tells and changes the level', async () => {
    expect(toggle('')).toEqual({ status: 200, text: '0\n' });
    expect(toggle('level=3&duration=1.5mins')).toEqual({ status: 200, text: '' });
    expect(toggle('')).toEqual({ status: 200, text: '3\n' });
    await time.advance(90_000);
    expect(toggle('')).toEqual({ status: 200, text: '0\n' });
  });

  it.each([
    ['level=1', `Expecting 'duration=value' in query.\n`],
    ['duration=1secs', `Expecting 'level=value' in query.\n`],
    ['level=x&duration=1secs', `Failed to convert 'x' to number.\n`],
    ['level=1.5&duration=1secs', `Failed to convert '1.5' to number.\n`],
    ['level=-1&duration=1secs', `Invalid level '-1'.\n`],
    ['level=1&duration=10', expect.stringContaining('10mins')],
    ['level=1&duration=10parsecs', expect.stringContaining('10mins')],
    ['level=1&duration=1constructor', expect.stringContaining('10mins')],
  ])('refuses %s', (query, text) => {
    expect(toggle(query)).toEqual({ status: 400, text });
    expect(applied).toEqual([]);
  });

  it('is changed by programs and pages of its own, and not by a link on another page', () => {
    expect(toggle('level=1&duration=1secs', 'cross-site').status).toBe(403);
    expect(toggle('', 'cross-site').status).toBe(200);
    expect(applied).toEqual([]);
    expect(toggle('level=1&duration=1secs', 'none').status).toBe(200);
    expect(applied).toEqual([1]);
  });

  it('says so where there is nothing to change', () => {
    expect(answerToggle(undefined, { parameter: () => undefined }).status).toBe(501);
  });
});
