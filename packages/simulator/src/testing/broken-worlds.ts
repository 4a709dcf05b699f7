/** Ways to break a world on purpose, and what its checkers say of that. */
import type { AgentOptions } from '@stadion/agent';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { SchedulerConnection } from '@stadion/contract/mesos';
import type { Engine, RootView } from '@stadion/orchestrator';
import { simulate, type SimulationOptions } from '../simulation.ts';
import type { World } from '../world.ts';

/** A busy machine takes its time for a life. */
export const TEST_MS_MAX = 120_000;

/** Lives that are tried until there was an occasion in one of them. */
const LIVES_MAX = 12;

/**
 * The checkers that complain in the first short life of a broken world in which any does, each once, in order. Not every
 * life has an occasion for what is broken; most have it soon.
 * @param enough lives go on until so many checkers complain in one of them
 */
export async function complaints(options: Partial<SimulationOptions>, enough = 1): Promise<string[]> {
  let found: string[] = [];
  for (let seed = 1; seed <= LIVES_MAX && found.length < enough; seed += 1) found = await complaintsIn(seed, options);
  return found;
}

/** The checkers that complain in the life of one seed, each once, in order. */
export async function complaintsIn(seed: number, options: Partial<SimulationOptions>): Promise<string[]> {
  const { violations } = await simulate({ steps: 5, machines: 2, apps: 2, faults: 0, ...options, seed });
  return [...new Set(violations.map(({ checker }) => checker))].sort();
}

/** An operator gives the first two machines a day to become empty. */
export function drainAll(world: World): void {
  world.time.after(20_000, () => {
    const now = world.time.now();
    const drain = { startedAt: now, deadline: now + 86_400_000, markGone: false };
    for (const machine of world.machines.slice(0, 2)) world.operators.treat(machine, { drain });
  });
}

export function onConnection(world: World, wrap: (connection: SchedulerConnection) => SchedulerConnection): void {
  world.doors.engineOptions = (options) => ({ ...options, connection: wrap(options.connection) });
}

export function withInfo(options: AgentOptions, { cpus }: { readonly cpus: number }): AgentOptions {
  const resources = options.info.resources.map((resource) =>
    resource.name === 'cpus' ? { ...resource, scalar: { value: cpus } } : resource,
  );
  return { ...options, info: { ...options.info, resources } };
}

export function engineLike(engine: Engine): Engine {
  return {
    view: engine.view,
    events: engine.events,
    moves: engine.moves,
    changeRoot: (change, options) => engine.changeRoot(change, options),
    planChange: (change) => engine.planChange(change),
    controlDeployment: (id, action, by) => engine.controlDeployment(id, action, by),
    freezeInstance: (id) => engine.freezeInstance(id),
    setPolicy: (groupId, policy) => engine.setPolicy(groupId, policy),
    killInstances: (ids, options) => engine.killInstances(ids, options),
    cancelDeployment: (id, options) => engine.cancelDeployment(id, options),
    resetDelay: (appId) => engine.resetDelay(appId),
    emptyAgents: (ids) => {
      engine.emptyAgents(ids);
    },
    start: () => engine.start(),
    stop: () => engine.stop(),
  };
}

/** An engine that goes by another upgrade strategy than the one it was given, and shows the one it was given. */
export function readsOtherStrategy(engine: Engine, other: Partial<AppDefinition['upgradeStrategy']>): Engine {
  const given = new Map<string, AppDefinition['upgradeStrategy']>();
  const keyOf = (app: AppDefinition): string => `${app.id} ${app.versionInfo.lastConfigChangeAt}`;
  const shown = <App extends AppDefinition | undefined>(app: App): App => {
    const strategy = app === undefined ? undefined : given.get(keyOf(app));
    return app === undefined || strategy === undefined ? app : { ...app, upgradeStrategy: strategy };
  };
  const view = (root: RootView): RootView => ({
    version: root.version,
    app: (id) => shown(root.app(id)),
    apps: (groupId) => [...root.apps(groupId)].map((app) => shown(app)),
    spec: (id) => shown(root.spec(id)),
    specs: (groupId) => [...root.specs(groupId)].map((spec) => shown(spec)),
    isGroup: (id) => root.isGroup(id),
    group: (id) => root.group(id),
    groups: (groupId) => root.groups(groupId),
    rootVersions: () => root.rootVersions(),
    rootAt: (version) => root.rootAt(version),
    appVersions: (id) => root.appVersions(id),
    appAtVersion: (id, version) => shown(root.appAtVersion(id, version)),
    isServicePortUsed: (port) => root.isServicePortUsed(port),
  });
  return {
    ...engineLike(engine),
    view: Object.create(engine.view, { root: { get: () => view(engine.view.root) } }) as Engine['view'],
    changeRoot: (change, options) =>
      engine.changeRoot((root, version) => {
        const outcome = change(view(root), version);
        if (!outcome.ok) return outcome;
        const upserts = outcome.value.upserts.map((app) => {
          given.set(keyOf(app), app.upgradeStrategy);
          return { ...app, upgradeStrategy: { ...app.upgradeStrategy, ...other } };
        });
        return { ok: true, value: { ...outcome.value, upserts } };
      }, options),
  };
}
