/** Invariant 14: what others depend on comes first, and what a deployment has yet to get to is left alone. */
import type { Checker, Violate } from './checker.ts';

/** What this checker looks at; the engine's view has it all. */
export interface OrderView {
  readonly root: {
    spec(id: string): { readonly dependencies?: readonly string[] } | undefined;
    specs(groupId?: string): Iterable<{ readonly id: string }>;
    group(id: string): { readonly dependencies: readonly string[] } | undefined;
  };
  instances(appId: string): readonly { readonly id: string; readonly incarnation: number }[];
  deployments(): readonly RunningDeployment[];
}

interface Action {
  readonly action: string;
  readonly app?: string;
  readonly pod?: string;
}

interface RunningDeployment {
  readonly id: string;
  readonly currentStep: number;
  readonly steps: readonly { readonly actions: readonly Action[] }[];
}

/** Judges each plan when it is first seen, and every instance begun for an app whose step has not come. */
export function orderChecker(look: () => OrderView | undefined, violate: Violate): Checker {
  const judged = new Set<string>();
  let before = new Set<string>();
  let isFirstLook = true;

  return {
    beforeCrash() {
      isFirstLook = true;
    },
    afterTurn() {
      const view = look();
      if (view === undefined) return;
      const now = new Set<string>();
      for (const app of view.root.specs()) for (const { id } of view.instances(app.id)) now.add(id);
      for (const deployment of view.deployments()) {
        const isNew = !judged.has(deployment.id);
        if (isNew) judgePlan(deployment, view, violate);
        judged.add(deployment.id);
        if (!isNew && !isFirstLook) judgeBegun(deployment, view, before);
      }
      before = now;
      isFirstLook = false;
    },
  };

  function judgeBegun(deployment: RunningDeployment, view: OrderView, known: ReadonlySet<string>): void {
    const reached = new Set(deployment.steps.slice(0, deployment.currentStep).flatMap(appsOf));
    for (const appId of new Set(deployment.steps.slice(deployment.currentStep).flatMap(appsOf))) {
      if (reached.has(appId)) continue;
      for (const instance of view.instances(appId)) {
        // Launched before, or known before: nobody has begun it now.
        if (known.has(instance.id) || instance.incarnation > 0) continue;
        violate(`${instance.id} was begun in step ${String(deployment.currentStep)} of ${deployment.id}, too early`);
      }
    }
  }
}

function appsOf({ actions }: RunningDeployment['steps'][number]): string[] {
  return actions.flatMap(({ app, pod }) => app ?? pod ?? []);
}

function judgePlan(deployment: RunningDeployment, view: OrderView, violate: Violate): void {
  const turns = new Map<string, number>();
  for (const [index, { actions }] of deployment.steps.entries()) {
    for (const { action, pod, app = pod } of actions) {
      const brings = action.startsWith('Scale') || action.startsWith('Restart');
      if (brings && app !== undefined) turns.set(app, index);
    }
  }
  for (const [appId, turn] of turns) {
    for (const needed of neededBy(appId, view)) {
      const first = turns.get(needed);
      if (first === undefined || first < turn || leadsTo(needed, appId, view)) continue;
      violate(`${deployment.id} does not bring up ${needed} before ${appId}, which depends on it`);
    }
  }
}

/** The apps that an app depends on directly: by itself and through the groups above it; groups stand for their apps. */
function neededBy(appId: string, view: OrderView): string[] {
  const ids = [...(view.root.spec(appId)?.dependencies ?? [])];
  for (let at = appId.lastIndexOf('/'); at > 0; at = appId.lastIndexOf('/', at - 1)) {
    ids.push(...(view.root.group(appId.slice(0, at))?.dependencies ?? []));
  }
  return ids.flatMap((id) => (view.root.spec(id) === undefined ? [...view.root.specs(id)].map((app) => app.id) : [id]));
}

/** Whether dependencies lead from one app to another: in a circle there is no order to keep. */
function leadsTo(from: string, to: string, view: OrderView): boolean {
  const seen = new Set([from]);
  const toVisit = [from];
  for (let at = toVisit.pop(); at !== undefined; at = toVisit.pop()) {
    for (const next of neededBy(at, view)) {
      if (next === to) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      toVisit.push(next);
    }
  }
  return false;
}
