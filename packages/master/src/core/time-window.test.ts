import { expect, it } from 'vitest';
import { TimeWindow } from './time-window.ts';

it('tells the last, the least, the most and how the others are spread', () => {
  const window = new TimeWindow();
  for (let durationMs = 100; durationMs >= 1; durationMs -= 1) window.record(durationMs);
  expect(window.metrics('run')).toEqual({
    run: 1,
    'run/count': 100,
    'run/min': 1,
    'run/max': 100,
    'run/p50': 50,
    'run/p90': 90,
    'run/p95': 95,
    'run/p99': 99,
    'run/p999': 100,
    'run/p9999': 100,
  });
});

it('is full of zeros before anything has run', () => {
  expect(new Set(Object.values(new TimeWindow().metrics('run')))).toEqual(new Set([0]));
});

it('forgets what is long ago', () => {
  const window = new TimeWindow();
  window.record(5000);
  for (let run = 0; run < 1000; run += 1) window.record(2);
  expect(window.metrics('run')).toMatchObject({ 'run/count': 1000, 'run/max': 2 });
});
