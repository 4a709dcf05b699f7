import type { AppDefinition } from '@stadion/contract/orchestrator';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anApp } from '../placement/testing/builders.ts';
import { GAIN_MIN, loadOf, planRebalance, type NodeUse, type PlacedInstance } from './plan-rebalance.ts';

interface Shape {
  readonly nodes: readonly { readonly cpus: number; readonly rack: string; readonly takes: boolean }[];
  readonly apps: readonly {
    readonly cpus: number;
    readonly mem: number;
    readonly constraints: string[][];
    readonly on: readonly number[];
    readonly isMovable: boolean;
  }[];
}

/** A cluster in which every instance has room where it is. */
function build({ nodes, apps }: Shape): { nodes: NodeUse[]; instances: PlacedInstance[] } {
  const places = nodes.map(({ rack }, index) => ({
    agentId: `a${String(index)}`,
    hostname: `n${String(index)}`,
    region: undefined,
    zone: undefined,
    attributes: new Map([['rack', rack]]),
  }));
  const used = nodes.map(() => ({ cpusMilli: 0, memMilli: 0, diskMilli: 0 }));
  const instances = apps.flatMap(({ cpus, mem, constraints, on, isMovable }, nth) => {
    const app = anApp({ id: `/app-${String(nth)}`, cpus, mem, instances: on.length, constraints });
    return on.flatMap((wanted, index) => {
      const at = wanted % nodes.length;
      const [place, use] = [places[at], used[at]];
      if (place === undefined || use === undefined) return [];
      used[at] = { ...use, cpusMilli: use.cpusMilli + cpus * 1000, memMilli: use.memMilli + mem * 1000 };
      return [{ id: `${app.id}.${String(index)}`, app, place, isMovable }];
    });
  });
  return {
    nodes: nodes.flatMap(({ cpus, takes }, index) => {
      const [place, use] = [places[index], used[index]];
      if (place === undefined || use === undefined) return [];
      const total = {
        cpusMilli: Math.max(cpus * 1000, use.cpusMilli),
        memMilli: Math.max(4_096_000, use.memMilli),
        diskMilli: 10_000_000,
      };
      return [{ place, total, used: use, takes, containerizers: undefined }];
    }),
    instances,
  };
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  nodes: fc.array(
    fc.record({ cpus: fc.integer({ min: 1, max: 16 }), rack: fc.constantFrom('r1', 'r2', 'r3'), takes: fc.boolean() }),
    { minLength: 1, maxLength: 7 },
  ),
  apps: fc.array(
    fc.record({
      cpus: fc.constantFrom(0.25, 0.5, 1, 2),
      mem: fc.constantFrom(64, 256, 1024),
      constraints: fc.array(
        fc.constantFrom(
          ['hostname', 'UNIQUE'],
          ['hostname', 'MAX_PER', '2'],
          ['rack', 'UNLIKE', 'r1'],
          ['rack', 'CLUSTER', 'r2'],
        ),
        { maxLength: 1 },
      ),
      on: fc.array(fc.nat(6), { maxLength: 8 }),
      isMovable: fc.boolean(),
    }),
    { maxLength: 6 },
  ),
});

/** What a constraint says of a whole app, said otherwise than by the planner. */
function violations(app: AppDefinition, placed: readonly PlacedInstance['place'][]): number {
  const [[field, operator, value = ''] = []] = [app.constraints?.[0] ?? undefined].filter((one) => one !== undefined);
  const values = placed.map((place) => (field === 'hostname' ? place.hostname : (place.attributes.get('rack') ?? '')));
  const counts = new Map<string, number>();
  for (const one of values) counts.set(one, (counts.get(one) ?? 0) + 1);
  const over = (max: number) => [...counts.values()].reduce((total, count) => total + Math.max(0, count - max), 0);
  switch (operator) {
    case 'UNIQUE':
      return over(1);
    case 'MAX_PER':
      return over(Number(value));
    case 'UNLIKE':
      return values.filter((one) => one === value).length;
    case 'CLUSTER':
      return values.filter((one) => one !== value).length;
    default:
      return 0;
  }
}

test('whatever the cluster: few moves, each an improvement, within room, and no constraint broken that held', () => {
  fc.assert(
    fc.property(shapes, fc.integer({ min: 0, max: 12 }), (shape, movesMax) => {
      const { nodes, instances } = build(shape);
      const plan = planRebalance(nodes, instances, movesMax);
      expect(plan.moves.length).toBeLessThanOrEqual(movesMax);
      expect(new Set(plan.moves.map(({ instance }) => instance.id)).size).toBe(plan.moves.length);
      const use = new Map(nodes.map((node) => [node.place.agentId, { node, used: { ...node.used } }]));
      const at = new Map(instances.map(({ id, place }) => [id, place]));
      for (const { instance, to, load } of plan.moves) {
        const [source, target] = [use.get(instance.place.agentId), use.get(to.agentId)];
        if (source === undefined || target === undefined) throw new Error('a move between nodes that are there');
        expect(instance.isMovable).toBe(true);
        expect(target.node.takes).toBe(true);
        expect(target).not.toBe(source);
        const before = loadOf(source.used, source.node.total);
        for (const [seat, sign] of [
          [source, -1],
          [target, 1],
        ] as const) {
          seat.used.cpusMilli += sign * instance.app.cpus * 1000;
          seat.used.memMilli += sign * instance.app.mem * 1000;
        }
        const after = Math.max(loadOf(source.used, source.node.total), loadOf(target.used, target.node.total));
        expect(after).toBeCloseTo(load, 9);
        expect(after).toBeLessThanOrEqual(before - GAIN_MIN + 1e-9);
        expect(target.used.cpusMilli).toBeLessThanOrEqual(target.node.total.cpusMilli);
        expect(target.used.memMilli).toBeLessThanOrEqual(target.node.total.memMilli);
        at.set(instance.id, to);
      }
      for (const { used, node } of use.values()) {
        expect(plan.loads.get(node.place.agentId)?.after).toBeCloseTo(loadOf(used, node.total), 9);
      }
      for (const app of new Set(instances.map((instance) => instance.app))) {
        const own = instances.filter((instance) => instance.app === app);
        const after = own.map(({ id, place }) => at.get(id) ?? place);
        expect(violations(app, after)).toBeLessThanOrEqual(
          violations(
            app,
            own.map(({ place }) => place),
          ),
        );
      }
      expect(planRebalance(nodes, instances, movesMax)).toEqual(plan);
    }),
    { numRuns: 300 },
  );
});

test('a node that has joined takes its share, and then nothing moves any more', () => {
  const node = { cpus: 8, rack: 'r1', takes: true };
  const on = [0, 0, 0, 0, 1, 1, 1, 1, 0, 1, 0, 1];
  const cluster = build({
    nodes: [node, node, node],
    apps: [{ cpus: 1, mem: 64, constraints: [], on, isMovable: true }],
  });
  const plan = planRebalance(cluster.nodes, cluster.instances, 100);
  expect(plan.moves.map(({ to }) => to.hostname)).toEqual(['n2', 'n2', 'n2', 'n2']);
  expect([...plan.loads.values()].map(({ after }) => after)).toEqual([0.5, 0.5, 0.5]);
});

test('nothing goes to a node that is cordoned, of another region, or cannot run it', () => {
  const node = { cpus: 8, rack: 'r1', takes: true };
  const on = [0, 0, 0, 0];
  const { nodes, instances } = build({
    nodes: [node, node],
    apps: [{ cpus: 1, mem: 64, constraints: [], on, isMovable: true }],
  });
  const [full, empty] = nodes;
  if (full === undefined || empty === undefined) throw new Error('there are two nodes');
  expect(planRebalance([full, empty], instances, 9).moves).toHaveLength(2);
  const others: NodeUse[] = [
    { ...empty, takes: false },
    { ...empty, place: { ...empty.place, region: 'far' } },
    { ...empty, containerizers: new Set(['none']) },
  ];
  for (const other of others) expect(planRebalance([full, other], instances, 9).moves).toEqual([]);
});
