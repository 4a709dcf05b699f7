/** What simulated users do: create, change, scale, restart, kill, cancel, destroy; and what they were promised. */
import { randomBelow, randomFraction, type Random } from '@stadion/base';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { OrchestratorEngine, RootView } from '@stadion/orchestrator';

type Change = Parameters<OrchestratorEngine['changeRoot']>[0];
type ChangeOutcome = ReturnType<Change>;

/** The app that nobody ever changes: whatever happens to it is the platform's own doing. */
export const UNTOUCHED_APP = '/untouched';

/** What the platform has acknowledged about one app, and what may have taken effect unacknowledged. */
export interface Promised {
  /** Digest of the definition after the last acknowledged change; undefined: acknowledged as removed. */
  acknowledged: string | undefined;
  /** Digests that calls without an answer (a crash came between) may have left behind. */
  readonly possible: Set<string | undefined>;
}

/** The part of a definition that a promise is about. */
export function digest(app: AppDefinition | undefined): string | undefined {
  return app === undefined ? undefined : `${String(app.instances)}/${JSON.stringify(app.env ?? {})}`;
}

/** Issues random commands and keeps the books on what was acknowledged. */
export class Workload {
  readonly promises = new Map<string, Promised>();
  /** Task ids that a command asked to be killed. */
  readonly killedByCommand = new Set<string>();
  private readonly random: Random;
  private readonly appIds: readonly string[];
  private revision = 0;

  constructor(random: Random, appCount: number) {
    this.random = random;
    this.appIds = Array.from({ length: appCount }, (_, index) => `/team-${String(index % 3)}/app-${String(index)}`);
  }

  /** Deploys the app that will never be touched again. */
  deployUntouched(engine: OrchestratorEngine): Promise<unknown> {
    return this.change(engine, UNTOUCHED_APP, false, (_root, version) =>
      replaceWith({ ...sampleApp(UNTOUCHED_APP, version, 'untouched'), instances: 4, unreachableStrategy: 'disabled' }),
    );
  }

  /** One random command. Resolves when it is answered; never, should the control plane crash first. */
  async act(engine: OrchestratorEngine): Promise<void> {
    const id = this.appIds[randomBelow(this.random, this.appIds.length)] ?? '/';
    const app = engine.view.root.app(id);
    const force = randomFraction(this.random) < 0.3;
    this.revision += 1;
    const revision = String(this.revision);
    if (app === undefined) {
      const created = this.randomApp(id, revision);
      await this.change(engine, id, force, (_root, version) => replaceWith(stamp(created, version)));
      return;
    }
    const choice = randomBelow(this.random, 100);
    if (choice < 30) {
      const instances = randomBelow(this.random, 8);
      await this.change(engine, id, force, (root, version) =>
        update(root, id, (old) => ({
          ...old,
          instances,
          version,
          versionInfo: { ...old.versionInfo, lastScalingAt: version },
        })),
      );
    } else if (choice < 60) {
      await this.change(engine, id, force, (root, version) =>
        update(root, id, (old) => stamp({ ...old, env: { REVISION: revision } }, version)),
      );
    } else if (choice < 70) {
      await this.change(engine, id, force, (root, version) => update(root, id, (old) => stamp(old, version)));
    } else if (choice < 80) {
      await this.change(engine, id, force, (root) =>
        root.app(id) === undefined ? gone(id) : { ok: true, value: { upserts: [], removals: [id] } },
      );
    } else if (choice < 92) {
      await this.kill(engine, id);
    } else {
      await this.cancel(engine);
    }
  }

  private async kill(engine: OrchestratorEngine, id: string): Promise<void> {
    const instances = engine.view.instances(id).filter((instance) => instance.incarnation > 0);
    const victim = instances[randomBelow(this.random, Math.max(1, instances.length))];
    if (victim === undefined) return;
    this.killedByCommand.add(victim.id);
    await engine.killInstances([victim.id], { wipe: false });
  }

  private async cancel(engine: OrchestratorEngine): Promise<void> {
    const deployment = engine.view.deployments()[0];
    if (deployment === undefined) return;
    const force = randomFraction(this.random) < 0.5;
    // A cancelled deployment may leave each of its apps as it was before or after: both are within the promise.
    for (const id of deployment.affectedApps) {
      const promised = this.promises.get(id);
      if (promised !== undefined) promised.possible.add('any');
    }
    await engine.cancelDeployment(deployment.id, { force });
  }

  private async change(engine: OrchestratorEngine, id: string, force: boolean, change: Change): Promise<void> {
    let wanted: string | undefined;
    const promised = this.promises.get(id) ?? { acknowledged: undefined, possible: new Set([undefined]) };
    this.promises.set(id, promised);
    const outcome = await engine.changeRoot(
      (root, version) => {
        const result = change(root, version);
        if (result.ok) {
          wanted = digest(result.value.upserts[0]);
          promised.possible.add(wanted);
        }
        return result;
      },
      { force },
    );
    if (!outcome.ok) return;
    promised.acknowledged = wanted;
    const any = promised.possible.has('any');
    promised.possible.clear();
    promised.possible.add(wanted);
    // A revert that is still on its way may yet take effect.
    if (any && engine.view.deployments().length > 1) promised.possible.add('any');
  }

  private randomApp(id: string, revision: string): AppDefinition {
    const { random } = this;
    const app = sampleApp(id, '', revision);
    const constraint = randomBelow(random, 6);
    return {
      ...app,
      instances: randomBelow(random, 7),
      cpus: [0.1, 0.5, 1][randomBelow(random, 3)] ?? 0.1,
      upgradeStrategy: {
        minimumHealthCapacity: [0, 0.5, 1][randomBelow(random, 3)] ?? 1,
        maximumOverCapacity: [0, 0.5, 1][randomBelow(random, 3)] ?? 1,
      },
      unreachableStrategy:
        randomBelow(random, 2) === 0
          ? { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 }
          : { inactiveAfterSeconds: 30, expungeAfterSeconds: 90 },
      ...(constraint === 0 ? { constraints: [['hostname', 'MAX_PER', '3']] } : {}),
      ...(constraint === 1 ? { constraints: [['rack', 'GROUP_BY']] } : {}),
    };
  }
}

function gone(id: string): ChangeOutcome {
  return { ok: false, rejection: { kind: 'not-found', message: `App '${id}' does not exist` } };
}

function replaceWith(app: AppDefinition): ChangeOutcome {
  return { ok: true, value: { upserts: [app], removals: [] } };
}

function update(root: RootView, id: string, edit: (old: AppDefinition) => AppDefinition): ChangeOutcome {
  const old = root.app(id);
  return old === undefined ? gone(id) : replaceWith(edit(old));
}

/** Marks a change of configuration: all times of the version are now. */
function stamp(app: AppDefinition, version: string): AppDefinition {
  return { ...app, version, versionInfo: { lastScalingAt: version, lastConfigChangeAt: version } };
}

/** A small app in canonical form. */
export function sampleApp(id: string, version: string, revision: string): AppDefinition {
  return stamp(
    {
      id,
      cmd: 'sleep 1000',
      env: { REVISION: revision },
      instances: 1,
      cpus: 0.1,
      mem: 32,
      disk: 0,
      gpus: 0,
      executor: '',
      requirePorts: false,
      networks: [{ mode: 'host' }],
      portDefinitions: [{ port: 10_000, protocol: 'tcp', name: 'default' }],
      upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
      backoffSeconds: 1,
      backoffFactor: 1.15,
      maxLaunchDelaySeconds: 300,
      killSelection: 'YOUNGEST_FIRST',
      unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
      labels: {},
      role: '*',
      version: '',
      versionInfo: { lastScalingAt: '', lastConfigChangeAt: '' },
    },
    version,
  );
}
