/** What simulated users do: create, change, scale, restart, kill, cancel, destroy; with books on what was promised. */
import { randomBelow, randomFraction, type Random } from '@stadion/base';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { closesCircle, taskIdsOf, type OrchestratorEngine, type Outcome, type RootView } from '@stadion/orchestrator';
import { PromiseBook, canonical } from './promises.ts';
import { healthCheck, randomSpec, sampleApp, stamp } from './sample-app.ts';
import { BREAKAGES } from './task-behaviour.ts';

type Change = Parameters<OrchestratorEngine['changeRoot']>[0];
type ChangeOutcome = ReturnType<Change>;
type RootChange = Extract<ChangeOutcome, { ok: true }>['value'];
type Victims = NonNullable<Parameters<OrchestratorEngine['changeRoot']>[1]['victims']>;

const CIRCLE: ChangeOutcome = { ok: false, rejection: { kind: 'invalid', message: 'This would depend on itself' } };

/** The app that nobody ever changes: whatever happens to it is the platform's own doing. */
export const UNTOUCHED_APP = '/untouched';

/** Issues random commands. */
export class Workload {
  readonly promises: PromiseBook;
  private readonly random: Random;
  private readonly appIds: readonly string[];
  private readonly violate: (message: string) => void;
  private revision = 0;

  /** @param violate told of answers that are not what happened */
  constructor(random: Random, appCount: number, violate: (message: string) => void) {
    this.random = random;
    this.appIds = Array.from({ length: appCount }, (_, index) => `/team-${String(index % 3)}/app-${String(index)}`);
    this.promises = new PromiseBook([UNTOUCHED_APP, ...this.appIds]);
    this.violate = violate;
  }

  /** Deploys the app that will never be touched again. It waits for ever for lost agents, and is always healthy. */
  async deployUntouched(engine: OrchestratorEngine): Promise<void> {
    await this.change(engine, { force: false }, (_root, version) => {
      const app = sampleApp(UNTOUCHED_APP, version, 'untouched');
      const healthChecks = [healthCheck('HTTP', 3), healthCheck('MESOS_HTTP', 3)];
      const env = { ROBUST: 'never sick' };
      return upsert({ ...app, env, instances: 4, unreachableStrategy: 'disabled', healthChecks });
    });
  }

  /** One random command. Resolves when it is answered; never, should the control plane crash first. */
  async act(engine: OrchestratorEngine): Promise<void> {
    const { random } = this;
    const id = this.appIds[randomBelow(random, this.appIds.length)] ?? '/';
    const force = randomFraction(random) < 0.3;
    this.revision += 1;
    const revision = String(this.revision);
    if (engine.view.root.spec(id) === undefined) {
      const created = randomSpec(random, id, revision);
      await this.change(engine, { force }, (_root, version) => upsert(stamp(created, version)));
      return;
    }
    const choice = randomBelow(random, 100);
    if (choice < 20) {
      await this.scale(engine, id, force);
    } else if (choice < 55) {
      const env = { REVISION: revision, ...this.randomBreakage() };
      await this.change(engine, { force }, (root, version) =>
        update(root, id, (old) => stamp({ ...old, env }, version)),
      );
    } else if (choice < 62) {
      await this.change(engine, { force }, (root, version) => update(root, id, (old) => stamp(old, version)));
    } else if (choice < 68) {
      await this.changeTwo(engine, id, revision, force);
    } else if (choice < 77) {
      await this.change(engine, { force }, (root) =>
        root.spec(id) === undefined ? gone(id) : { ok: true, value: { upserts: [], removals: [id] } },
      );
    } else if (choice < 87) {
      await this.kill(engine, id);
    } else if (choice < 89) {
      await engine.resetDelay(id);
    } else if (choice < 91) {
      await this.freeze(engine, id);
    } else if (choice < 93) {
      await this.changeGroup(engine, force);
    } else if (choice < 96) {
      await this.control(engine);
    } else {
      await this.cancel(engine);
    }
  }

  private async scale(engine: OrchestratorEngine, id: string, force: boolean): Promise<void> {
    const instances = randomBelow(this.random, 8);
    const named = engine.view.instances(id).filter(() => randomBelow(this.random, 4) === 0);
    const victims: Victims = new Map([[id, named.map((instance) => instance.id)]]);
    await this.change(engine, named.length === 0 ? { force } : { force, victims }, (root, version) =>
      update(root, id, (old) => ({
        ...old,
        instances,
        version,
        versionInfo: { ...old.versionInfo, lastScalingAt: version },
      })),
    );
  }

  /** Changes two apps in one deployment, the second depending on the first. */
  private async changeTwo(engine: OrchestratorEngine, id: string, revision: string, force: boolean): Promise<void> {
    const other = this.appIds[randomBelow(this.random, this.appIds.length)] ?? id;
    const instances = randomBelow(this.random, 8);
    const env = { REVISION: revision };
    await this.change(engine, { force }, (root, version) => {
      const [first, second] = [root.spec(id), root.spec(other)];
      if (first === undefined || second === undefined || first === second) return gone(other);
      const changed = [
        stamp({ ...first, env, instances }, version),
        stamp({ ...second, env, dependencies: first.dependencies?.includes(other) === true ? [] : [id] }, version),
      ];
      return { ok: true, value: { upserts: changed, removals: [] } };
    });
  }

  private async kill(engine: OrchestratorEngine, id: string): Promise<void> {
    const placed = engine.view.instances(id).filter((instance) => instance.incarnation > 0);
    const victims = placed.filter(() => randomBelow(this.random, 3) === 0);
    for (const victim of victims) this.bookKill(victim);
    const wipe = randomBelow(this.random, 3) === 0;
    if (wipe) for (const { id: victim } of victims) this.promises.wipesAsked.add(victim);
    const ids = victims.map((instance) => instance.id);
    const outcome = await engine.killInstances(ids, { wipe });
    if (!outcome.ok) return;
    for (const told of outcome.value) {
      if (told.place !== undefined) for (const taskId of taskIdsOf(told)) this.promises.killsPromised.add(taskId);
    }
  }

  /** A command for an orchestrator whose reign is over: it may say yes to nothing that is to be kept. */
  async actOnStale(engine: OrchestratorEngine, violate: (message: string) => void): Promise<void> {
    const id = this.appIds[randomBelow(this.random, this.appIds.length)] ?? '/';
    const env = { REVISION: 'from a leader that is over' };
    const outcome = await engine.changeRoot(
      (root, version) => update(root, id, (old) => stamp({ ...old, env }, version)),
      { force: true },
    );
    if (outcome.ok) violate(`a change of ${id} was acknowledged by a leader that is over`);
  }

  /** Lets go what somebody holds: whatever is paused, waits for a promotion, or is kept to be looked at. */
  async release(engine: OrchestratorEngine): Promise<void> {
    for (const { id, outcome } of [...engine.view.deploymentRecords()]) {
      if (outcome === 'paused' || outcome === 'canary') await engine.controlDeployment(id, 'promote', undefined);
    }
    for (const appId of this.appIds) {
      for (const instance of engine.view.instances(appId)) {
        if (instance.goal !== 'Frozen') continue;
        this.bookKill(instance);
        await engine.killInstances([instance.id], { wipe: false });
      }
    }
  }

  private bookKill(victim: Parameters<typeof taskIdsOf>[0]): void {
    for (const taskId of taskIdsOf(victim)) this.promises.killsAsked.add(taskId);
  }

  private async freeze(engine: OrchestratorEngine, id: string): Promise<void> {
    const [running] = engine.view.instances(id).filter(({ condition }) => condition === 'Running');
    if (running === undefined) return;
    this.bookKill(running);
    await engine.freezeInstance(running.id);
  }

  /** Makes everything in one group depend on another group, or on nothing. */
  private async changeGroup(engine: OrchestratorEngine, force: boolean): Promise<void> {
    const [first, second] = [randomBelow(this.random, 3), randomBelow(this.random, 3)];
    const dependencies = first === second ? [] : [`/team-${String(second)}`];
    const to = { dependencies, enforceRole: false };
    await this.change(engine, { force }, (root) => {
      const id = `/team-${String(first)}`;
      return { ok: true, value: { upserts: [], removals: [], groups: root.isGroup(id) ? [{ id, to }] : [] } };
    });
  }

  private async control(engine: OrchestratorEngine): Promise<void> {
    const running = engine.view.deployments();
    const deployment = running[randomBelow(this.random, Math.max(1, running.length))];
    const action = (['pause', 'resume', 'promote', 'fail'] as const)[randomBelow(this.random, 4)] ?? 'resume';
    if (deployment === undefined) return;
    await this.book(engine, async () => {
      const outcome = await engine.controlDeployment(deployment.id, action, 'somebody');
      return outcome.ok ? { ok: true, value: undefined } : outcome;
    });
  }

  private async cancel(engine: OrchestratorEngine): Promise<void> {
    const running = engine.view.deployments();
    const deployment = running[randomBelow(this.random, Math.max(1, running.length))];
    if (deployment === undefined) return;
    const force = randomFraction(this.random) < 0.5;
    const outcome = await this.book(engine, () => engine.cancelDeployment(deployment.id, { force }));
    const isTakenBack = outcome.ok && outcome.value !== undefined;
    if (outcome.ok && isTakenBack === force) {
      this.violate('a cancelled deployment is taken back, or not, against the wish');
    }
  }

  private async change(
    engine: OrchestratorEngine,
    options: { readonly force: boolean; readonly victims?: Victims },
    change: Change,
  ): Promise<void> {
    const asked: RootChange[] = [];
    const seen = { isApplied: false };
    const outcome = await this.book(engine, () => {
      const answer = engine.changeRoot((root, version) => {
        const wanted = change(root, version);
        if (!wanted.ok) return wanted;
        // As the API does: a circle comes from a way back alone.
        if (closesCircle(root, wanted.value)) return CIRCLE;
        asked.push(wanted.value);
        return wanted;
      }, options);
      const last = asked.at(-1);
      seen.isApplied = last !== undefined && hasApplied(engine.view.root, last);
      return answer;
    });
    if (outcome.ok && !seen.isApplied) this.violate('a change was acknowledged that is not what was asked for');
  }

  /** Carries out a command whose effect on the root is visible at once, and books it. */
  private async book<Value extends { readonly deploymentId: string } | undefined>(
    engine: OrchestratorEngine,
    command: () => Promise<Outcome<Value>>,
  ): Promise<Outcome<Value>> {
    const { root } = engine.view;
    const { value: answer, writing } = this.promises.write(root, command);
    const outcome = await answer;
    if (outcome.ok) {
      writing.acknowledge();
      if (outcome.value !== undefined) this.promises.deployments.add(outcome.value.deploymentId);
    } else if (!writing.isEmpty && outcome.rejection.kind !== 'unavailable') {
      this.violate(`a command was refused (${canonical(outcome.rejection)}) and changed the root all the same`);
    }
    return outcome;
  }

  private randomBreakage(): Record<string, string> {
    const breakage = BREAKAGES[randomBelow(this.random, 5 * BREAKAGES.length)];
    return breakage === undefined ? {} : { BROKEN: breakage };
  }
}

function hasApplied(root: RootView, { upserts, removals }: RootChange): boolean {
  return (
    upserts.every((app) => canonical(root.spec(app.id)) === canonical(app)) &&
    removals.every((id) => root.spec(id) === undefined)
  );
}

function gone(id: string): ChangeOutcome {
  return { ok: false, rejection: { kind: 'not-found', message: `App '${id}' does not exist` } };
}

function upsert(app: AppDefinition): ChangeOutcome {
  return { ok: true, value: { upserts: [app], removals: [] } };
}

function update(root: RootView, id: string, edit: (old: AppDefinition) => AppDefinition): ChangeOutcome {
  const old = root.spec(id);
  return old === undefined ? gone(id) : upsert(edit(old));
}
