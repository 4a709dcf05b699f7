/** `/v2/cluster/rebalance`: where instances would go for the load of nodes to be even, and moving them there. */
import { TypeCompiler } from '@sinclair/typebox/compiler';
import type { StateResources, StateSlave } from '@stadion/contract/mesos-state';
import { REBALANCE_MOVES_MAX, RebalanceOrder, type RebalancePlan } from '@stadion/contract/rebalance';
import type { AgentPlace } from '../core/agent-place.ts';
import { violation } from '../core/app/checked.ts';
import { isResident } from '../core/app/spec.ts';
import { serves } from '../core/health.ts';
import { demandOf } from '../core/placement/demand.ts';
import { scalarText } from '../core/placement/attribute-text.ts';
import { planRebalance, type NodeUse, type PlacedInstance, type Scalars } from '../core/rebalance/plan-rebalance.ts';
import type { Instance } from '../core/instance.ts';
import type { RunSpec } from '../core/pod/run-spec.ts';
import type { EngineView } from '../engine.ts';
import { failure, invalidJson, json, rejection } from './answer.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { readObject } from './read-body.ts';
import { relay } from './relay.ts';

type Staying = RebalancePlan['staying'][number]['reason'];

type RebalanceHandlers = Pick<Handlers, 'planRebalance' | 'beginRebalance' | 'getRebalance' | 'stopRebalance'>;

const order = TypeCompiler.Compile(RebalanceOrder);

/** The handlers. */
export function rebalanceHandlers({ options, engine }: HandlerContext): RebalanceHandlers {
  return {
    beginRebalance: relay(options.cluster, NO_CLUSTER, async (reader, { request }, signal) => {
      const body = readObject(request);
      if (!body.ok) return body.answer;
      const wish: unknown = body.value;
      if (!order.Check(wish)) {
        const [error] = order.Errors(wish);
        return invalidJson([violation(error?.path ?? '/', error?.message ?? 'is not an order to rebalance')]);
      }
      const { moves } = planFor(engine.view, await reader.nodes(signal), wish.moves ?? MOVES);
      const begun = engine.moves.begin(moves, wish.movesPerMinute);
      return begun.ok ? json(202, begun.value) : rejection(begun.rejection);
    }),
    getRebalance() {
      const run = engine.moves.current();
      return run === undefined ? failure(404, { message: NO_RUN }) : json(200, run);
    },
    stopRebalance() {
      const ended = engine.moves.end();
      return ended.ok ? json(200, ended.value) : rejection(ended.rejection);
    },
    planRebalance: relay(options.cluster, NO_CLUSTER, async (reader, { query }, signal) => {
      const moves = Number(query.get('moves') ?? MOVES);
      if (!Number.isInteger(moves) || moves < 0 || moves > REBALANCE_MOVES_MAX) return BAD_MOVES;
      const run = engine.moves.current();
      const plan = planFor(engine.view, await reader.nodes(signal), moves);
      return json(200, run === undefined ? plan : { ...plan, run });
    }),
  };
}

const MOVES = 50;
const BAD_MOVES = failure(400, {
  message: `moves must be a whole number from 0 to ${String(REBALANCE_MOVES_MAX)}`,
});
const NO_RUN = 'No rebalance was begun since this server leads: another one may have led when it was.';
const NO_CLUSTER = failure(502, { message: 'This orchestrator was not told where its master is' });

function planFor(view: EngineView, slaves: readonly StateSlave[], movesMax: number): RebalancePlan {
  const staying = new Map<Staying, number>();
  const places = new Map<string, AgentPlace>();
  const instances: PlacedInstance[] = [];
  for (const spec of view.root.specs()) {
    const isHeld = view.deploymentsOf(spec.id).length > 0;
    for (const instance of view.instances(spec.id)) {
      const { place, appVersion, id } = instance;
      if (place === undefined) continue;
      places.set(place.agentId, place);
      const app = view.root.appAtVersion(spec.id, appVersion) ?? spec;
      const reason = isHeld ? 'deployment' : reasonToStay(instance, app);
      if (reason !== undefined) staying.set(reason, (staying.get(reason) ?? 0) + 1);
      instances.push({ id, app, place, isMovable: reason === undefined });
    }
  }
  const nodes = slaves.map((slave) => nodeOf(slave, places.get(slave.id)));
  const plan = planRebalance(nodes, instances, movesMax);
  const nodeIn = ({ agentId, hostname }: AgentPlace) => ({ agentId, hostname });
  return {
    moves: plan.moves.map(({ instance, to, load }) => ({
      instanceId: instance.id,
      appId: instance.app.id,
      from: nodeIn(instance.place),
      to: nodeIn(to),
      load: rounded(load),
    })),
    nodes: nodes
      .map(({ place, takes }) => {
        const { before = 0, after = 0 } = plan.loads.get(place.agentId) ?? {};
        return { ...nodeIn(place), before: rounded(before), after: rounded(after), takes };
      })
      .sort((one, other) => other.before - one.before || (one.hostname < other.hostname ? -1 : 1)),
    staying: [...staying].map(([reason, count]) => ({ reason, instances: count })),
    isPartial: plan.isPartial,
  };
}

function reasonToStay(instance: Instance, app: RunSpec): Staying | undefined {
  if (instance.goal !== 'Running' || !serves(instance, app)) return 'not-up';
  if (isResident(app)) return 'volumes';
  const { fixedPorts, gpusMilli, isRevocable } = demandOf(app);
  if (isRevocable) return 'revocable';
  if (fixedPorts.length > 0) return 'fixed-ports';
  return gpusMilli > 0 ? 'gpus' : undefined;
}

/** @param known the node as instances that run there know it; else it is read from what the master says */
function nodeOf(slave: StateSlave, known: AgentPlace | undefined): NodeUse {
  const { id, hostname, active, deactivated, drain_info: drain, containerizers, attributes, domain } = slave;
  const texts = Object.entries(attributes).map(
    ([name, value]) => [name, typeof value === 'number' ? scalarText(value) : value.replaceAll(', ', ',')] as const,
  );
  const fault = domain?.fault_domain;
  return {
    place: known ?? {
      agentId: id,
      hostname,
      region: fault?.region.name,
      zone: fault?.zone.name,
      attributes: new Map(texts),
    },
    total: scalarsOf(slave.resources),
    used: scalarsOf(slave.used_resources),
    takes: active && deactivated !== true && drain === undefined,
    containerizers: containerizers === undefined ? undefined : new Set(containerizers),
  };
}

function scalarsOf(resources: StateResources): Scalars {
  const milli = (name: string): number => Math.round(Number(resources[name] ?? 0) * 1000);
  return { cpusMilli: milli('cpus'), memMilli: milli('mem'), diskMilli: milli('disk') };
}

function rounded(load: number): number {
  return Math.round(load * 10_000) / 10_000;
}
