import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planMoves } from './moves.ts';

test('one more is started elsewhere before one ends here', () => {
  const three = { wanted: 3, active: 3, up: 3, movingUp: 2, movingIll: 0, over: 1 };
  expect(planMoves(three)).toEqual({ start: 1, endUp: 0, endIll: 0 });
  expect(planMoves({ ...three, active: 4 })).toEqual({ start: 0, endUp: 0, endIll: 0 });
  expect(planMoves({ ...three, active: 4, up: 4 })).toEqual({ start: 1, endUp: 1, endIll: 0 });
  expect(planMoves({ ...three, active: 4, up: 4, movingUp: 1 })).toEqual({ start: 0, endUp: 1, endIll: 0 });
});

test('what is not up goes at once and is replaced', () => {
  expect(planMoves({ wanted: 3, active: 3, up: 2, movingUp: 0, movingIll: 1, over: 1 })).toEqual({
    start: 1,
    endUp: 0,
    endIll: 1,
  });
});

test('moves end everywhere with all wanted up elsewhere, and never with fewer up than before', () => {
  const start = fc.record({
    wanted: fc.nat({ max: 20 }),
    here: fc.nat({ max: 20 }),
    over: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(start, ({ wanted, here, over }) => {
      let moving = Math.min(here, wanted);
      let elsewhere = wanted - moving;
      for (let step = 0; moving > 0; step += 1) {
        const up = moving + elsewhere;
        const plan = planMoves({ wanted, active: up, up, movingUp: moving, movingIll: 0, over });
        moving -= plan.endUp;
        expect(moving + elsewhere).toBeGreaterThanOrEqual(wanted);
        elsewhere += plan.start;
        expect(moving + elsewhere).toBeLessThanOrEqual(wanted + over);
        expect(step).toBeLessThan(100);
      }
      expect(elsewhere).toBe(wanted);
    }),
  );
});
