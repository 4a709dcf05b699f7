/** Ways to break a world on purpose, and what its checkers say of that. */
import type { AgentOptions } from '@stadion/agent';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { SchedulerConnection } from '@stadion/contract/mesos';
import type { Engine, RootView } from '@stadion/orchestrator';
import { simulate, type SimulationOptions } from '../simulation.ts';
import type { World } from '../world.ts';

/** A busy machine takes its time for a life. */
export const TEST_MS_MAX = 120_000;

/**
 * The checkers that a broken world makes complain, each once, in order. Where a test names a seed, there is an occasion in
 * the life of that one, and nothing else is broken by it.
 */
export async function complaints(options: Partial<SimulationOptions>): Promise<string[]> {
  const { violations } = await simulate({ seed: 1, steps: 60, faults: 0, ...options });
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
