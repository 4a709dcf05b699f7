import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRolling, rollingBounds, type RollingCount, type RollingState } from './rolling.ts';

function some(count: number, up = count): RollingCount {
  return { count, up };
}

function state(more: Partial<RollingState>): RollingState {
  return {
    wanted: 4,
    minimumHealthCapacity: 1,
    maximumOverCapacity: 1,
    takesVolumesOver: false,
    old: some(4),
    fresh: some(0),
    leaving: 0,
    ...more,
  };
}

describe('the bounds of a rollout', () => {
  it('are exact for decimal fractions', () => {
    const bounds = rollingBounds({ wanted: 100, minimumHealthCapacity: 0.55, maximumOverCapacity: 0.1 });
    expect(bounds).toEqual({ minHealthy: 55, maxCapacity: 110 });
  });
});

describe('a rolling restart', () => {
  it('begins with all new instances when the capacity may double', () => {
    expect(planRolling(state({}))).toEqual({ killOld: 0, killFresh: 0, start: 4, done: false });
  });

  it('kills down to the minimum at once when it may', () => {
    const plan = planRolling(state({ minimumHealthCapacity: 0.5, maximumOverCapacity: 0 }));
    expect(plan).toMatchObject({ killOld: 2, start: 0, done: false });
  });

  it('takes one extra instance when neither bound leaves room', () => {
    expect(planRolling(state({ maximumOverCapacity: 0 }))).toMatchObject({ killOld: 0, start: 1, done: false });
  });

  it('takes the extra one too where all are unhealthy, or they could never be replaced', () => {
    const plan = planRolling(state({ maximumOverCapacity: 0, old: some(4, 0) }));
    expect(plan).toMatchObject({ killOld: 0, start: 1, done: false });
  });

  it('lets an unhealthy old instance go for each new one that comes up', () => {
    expect(planRolling(state({ old: some(4, 0), fresh: some(1) })).killOld).toBe(1);
    expect(planRolling(state({ old: some(4, 0), fresh: some(4) })).killOld).toBe(4);
  });

  it('kills one old instance for each new one that comes up', () => {
    const plan = planRolling(state({ maximumOverCapacity: 0, fresh: some(1) }));
    expect(plan).toMatchObject({ killOld: 1, start: 0, done: false });
  });

  it('kills what is too much at once when it scales down on the way', () => {
    expect(planRolling(state({ wanted: 3, old: some(5) })).killOld).toBe(2);
  });

  it('counts only those new ones that stay as a reason to let old ones go', () => {
    const plan = planRolling(state({ wanted: 2, old: some(2), fresh: some(4, 1) }));
    expect(plan).toMatchObject({ killOld: 1, killFresh: 2 });
  });

  it('makes room first for an app with local state', () => {
    const plan = planRolling(state({ maximumOverCapacity: 0, takesVolumesOver: true }));
    expect(plan).toMatchObject({ killOld: 1, start: 0, done: false });
  });

  it('is done only when the old ones are gone and all new ones are up', () => {
    const done = { old: some(0), fresh: some(4) };
    expect(planRolling(state(done)).done).toBe(true);
    expect(planRolling(state({ ...done, leaving: 1 })).done).toBe(false);
    expect(planRolling(state({ ...done, fresh: some(4, 0) })).done).toBe(false);
  });
});

interface FakeInstance {
  readonly id: string;
  up: boolean;
}

function countOf(instances: readonly FakeInstance[]): RollingCount {
  return { count: instances.length, up: instances.filter(({ up }) => up).length };
}

function illFirst(instances: readonly FakeInstance[]): FakeInstance[] {
  return [...instances].sort((left, right) => Number(left.up) - Number(right.up));
}

/** A cluster that does what is planned, with instances that come up, fall ill and die as chance has it. */
class Rollout {
  old: FakeInstance[];
  fresh: FakeInstance[] = [];
  leaving = 0;
  private sequence = 0;
  private readonly settings: Pick<RollingState, 'wanted' | 'minimumHealthCapacity' | 'maximumOverCapacity'>;

  constructor(settings: Rollout['settings'], oldUp: readonly boolean[], freshUp: readonly boolean[] = []) {
    this.settings = settings;
    this.old = oldUp.map((up, index) => ({ id: `old${String(index)}`, up }));
    this.fresh = freshUp.map((up, index) => ({ id: `begun${String(index)}`, up }));
  }

  get healthy(): number {
    return [...this.old, ...this.fresh].filter(({ up }) => up).length;
  }

  get total(): number {
    return this.old.length + this.fresh.length + this.leaving;
  }

  /** Plans until nothing more is planned; checks each plan against the bounds. */
  act(): boolean {
    const { minHealthy, maxCapacity } = rollingBounds(this.settings);
    for (let look = 0; look < 1000; look += 1) {
      const { healthy, total } = this;
      const plan = planRolling({
        ...this.settings,
        takesVolumesOver: false,
        old: countOf(this.old),
        fresh: countOf(this.fresh),
        leaving: this.leaving,
      });
      if (plan.killOld === 0 && plan.killFresh === 0 && plan.start === 0) return plan.done;
      this.old = illFirst(this.old).slice(plan.killOld);
      this.fresh = illFirst(this.fresh).slice(plan.killFresh);
      this.leaving += plan.killOld + plan.killFresh;
      for (let count = 0; count < plan.start; count += 1) {
        this.sequence += 1;
        this.fresh.push({ id: `new${String(this.sequence)}`, up: false });
      }
      // By its own doing: what was below, or above, before it acted is not its fault.
      expect(this.healthy).toBeGreaterThanOrEqual(Math.min(healthy, minHealthy));
      const extra = minHealthy === maxCapacity ? 1 : 0;
      expect(this.total).toBeLessThanOrEqual(Math.max(total, maxCapacity + extra));
    }
    throw new Error('the plan never comes to rest');
  }
}

describe('any rolling restart', () => {
  const settings = fc.record({
    wanted: fc.integer({ min: 1, max: 12 }),
    minimumHealthCapacity: fc.constantFrom(0, 0.25, 0.5, 0.7, 1),
    maximumOverCapacity: fc.constantFrom(0, 0.1, 0.5, 1),
  });

  it('keeps its bounds, whatever happens to the instances', () => {
    const event = fc.record({ kind: fc.constantFrom('up', 'ill', 'die', 'gone'), pick: fc.nat() });
    const property = fc.property(
      settings,
      fc.array(fc.boolean(), { maxLength: 15 }),
      fc.array(fc.boolean(), { maxLength: 15 }),
      fc.array(event, { maxLength: 60 }),
      (bounds, oldUp, freshUp, events) => {
        const rollout = new Rollout(bounds, oldUp, freshUp);
        rollout.act();
        for (const { kind, pick } of events) {
          const all = [...rollout.old, ...rollout.fresh];
          const chosen = all[pick % Math.max(1, all.length)];
          if (kind === 'gone') rollout.leaving = Math.max(0, rollout.leaving - 1);
          else if (chosen !== undefined) {
            chosen.up = kind === 'up';
            // A dead old one is gone; a dead new one is launched again.
            if (kind === 'die') rollout.old = rollout.old.filter((instance) => instance !== chosen);
          }
          rollout.act();
        }
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  it('comes to its end when new instances come up and killed ones go, however ill the old ones are', () => {
    const property = fc.property(settings, fc.array(fc.boolean(), { maxLength: 15 }), (bounds, oldUp) => {
      const rollout = new Rollout(bounds, oldUp);
      let done = rollout.act();
      for (let round = 0; !done && round < 100; round += 1) {
        rollout.leaving = 0;
        for (const instance of rollout.fresh) instance.up = true;
        done = rollout.act();
      }
      expect(done).toBe(true);
      expect(rollout.fresh).toHaveLength(bounds.wanted);
      expect(rollout.old).toHaveLength(0);
    });
    fc.assert(property, { numRuns: 300 });
  });
});
