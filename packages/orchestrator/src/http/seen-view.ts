/** The orchestrator as somebody sees it who may not see everything: handlers that are given it cannot show more. */
import type { Sight } from '@stadion/contract/permissions';
import { seenDeployment, seenRecord } from '../core/seen-deployment.ts';
import type { EngineView, OrchestratorEngine, Rejection, RootSnapshot, RootView } from '../engine.ts';

/**
 * The same engine, of which only what is seen can be read. Commands are judged at the door, but for those about a deployment,
 * of which nobody knows there whose it is.
 */
export function seenEngine(engine: OrchestratorEngine, sight: Sight): OrchestratorEngine {
  const refusal = (id: string): Rejection | undefined => refusalOfDeployment(engine.view, id, sight);
  return {
    view: seenView(engine.view, sight),
    events: engine.events,
    moves: engine.moves,
    changeRoot: (...call) => engine.changeRoot(...call),
    planChange: (...call) => engine.planChange(...call),
    killInstances: (...call) => engine.killInstances(...call),
    async cancelDeployment(id, options) {
      const refused = refusal(id);
      return refused === undefined ? engine.cancelDeployment(id, options) : { ok: false, rejection: refused };
    },
    async controlDeployment(id, action, by) {
      const refused = refusal(id);
      return refused === undefined ? engine.controlDeployment(id, action, by) : { ok: false, rejection: refused };
    },
    freezeInstance: (...call) => engine.freezeInstance(...call),
    setPolicy: (...call) => engine.setPolicy(...call),
    resetDelay: (...call) => engine.resetDelay(...call),
  };
}

/** As in Marathon: whoever changes a deployment needs the right to change all that it affects. */
function refusalOfDeployment(view: EngineView, id: string, sight: Sight): Rejection | undefined {
  const deployment = view.deployments().find((one) => one.id === id);
  if (deployment === undefined || seenDeployment(deployment, sight) === undefined) {
    return { kind: 'not-found', message: `DeploymentPlan ${id} does not exist` };
  }
  const affected = [...deployment.affectedApps, ...(deployment.affectedPods ?? [])];
  if (affected.every((app) => sight.sees(app))) return undefined;
  return {
    kind: 'not-permitted',
    message: `Deployment ${id} affects apps that are not yours: it takes apps:write for all of them.`,
  };
}

function seenView(view: EngineView, sight: Sight): EngineView {
  return {
    root: seenRoot(view.root, sight),
    instances: (appId) => (sight.sees(appId) ? view.instances(appId) : []),
    instanceByTaskId(taskId) {
      const instance = view.instanceByTaskId(taskId);
      return instance !== undefined && sight.sees(instance.appId) ? instance : undefined;
    },
    deployments: () => view.deployments().flatMap((deployment) => seenDeployment(deployment, sight) ?? []),
    deploymentsOf: (appId) => (sight.sees(appId) ? view.deploymentsOf(appId) : []),
    queue: (options) => view.queue(options).filter(({ app }) => sight.sees(app.id)),
    lastTaskFailure: (appId) => (sight.sees(appId) ? view.lastTaskFailure(appId) : undefined),
    deploymentRecord(id) {
      const record = view.deploymentRecord(id);
      return record && seenRecord(record, sight);
    },
    *deploymentRecords() {
      for (const record of view.deploymentRecords()) {
        const seen = seenRecord(record, sight);
        if (seen !== undefined) yield seen;
      }
    },
    // What holds the groups above holds what is in them, too.
    policies: () => new Map([...view.policies()].filter(([group]) => sight.leadsTo(group))),
    frameworkId: view.frameworkId,
    master: view.master,
    counters: () => new Map(),
  };
}

function seenRoot(root: RootView, sight: Sight): RootView {
  return {
    ...seenSnapshot(root, sight),
    isGroup: (id) => sight.leadsTo(id) && root.isGroup(id),
    rootVersions: () => root.rootVersions(),
    rootAt(version) {
      const snapshot = root.rootAt(version);
      return snapshot && seenSnapshot(snapshot, sight);
    },
    appVersions: (id) => (sight.sees(id) ? root.appVersions(id) : []),
    appAtVersion: (id, version) => (sight.sees(id) ? root.appAtVersion(id, version) : undefined),
    isServicePortUsed: (port) => root.isServicePortUsed(port),
  };
}

function seenSnapshot(root: RootSnapshot, sight: Sight): RootSnapshot {
  return {
    version: root.version,
    app: (id) => (sight.sees(id) ? root.app(id) : undefined),
    apps: (groupId) => seenOf(root.apps(groupId), sight),
    spec: (id) => (sight.sees(id) ? root.spec(id) : undefined),
    specs: (groupId) => seenOf(root.specs(groupId), sight),
    group(id) {
      const group = sight.leadsTo(id) ? root.group(id) : undefined;
      if (group === undefined || sight.sees(id)) return group;
      // What a group above is to wait for may be somebody else's.
      return { ...group, dependencies: group.dependencies.filter((dependency) => sight.leadsTo(dependency)) };
    },
    *groups(groupId) {
      for (const id of root.groups(groupId)) if (sight.leadsTo(id)) yield id;
    },
  };
}

function* seenOf<Spec extends { readonly id: string }>(specs: Iterable<Spec>, sight: Sight): Generator<Spec> {
  for (const spec of specs) if (sight.sees(spec.id)) yield spec;
}
