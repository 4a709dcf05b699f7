/** A name server of the simulated cluster: the real keeper of names, told what a real one is told, and when. */
import { TaskNews, ZoneKeeper, recordsOfTask, rfc1123Label } from '@stadion/dns/names';
import { taskIdsOf, serves } from '@stadion/orchestrator';
import type { OrchestratorEvent } from '@stadion/contract/orchestrator';
import type { ControlPlane } from './reign.ts';

type Snapshot = Parameters<ZoneKeeper['replace']>[0];

const RULES = { domain: 'mesos', label: rfc1123Label, ipSources: ['host'], hash: (id: string) => id } as const;

/** Follows one control plane after the other. */
export class NameFollower {
  private readonly keeper = new ZoneKeeper(RULES, { name: 'ns1.mesos', addresses: ['10.0.2.1'] });
  private news = new TaskNews();
  private looks = 0;

  /** A leader that was not known before: everything is asked for anew. */
  restart(controlPlane: ControlPlane): void {
    const { view } = controlPlane.engine;
    const serving: [string, boolean][] = [];
    // As `/v2/tasks` and `/v2/pods::status` do.
    for (const app of view.root.specs()) {
      for (const instance of view.instances(app.id)) {
        const isServing = serves(instance, view.root.appAtVersion(app.id, instance.appVersion));
        for (const taskId of taskIdsOf(instance)) serving.push([taskId, isServing]);
      }
    }
    this.news = new TaskNews();
    this.keeper.setServing(this.news.restart(serving), true);
    this.catchUp(controlPlane);
  }

  hear(event: OrchestratorEvent): void {
    const change = this.news.read(event);
    this.looks += 1;
    if (change.ended !== undefined) this.keeper.removeTask(change.ended, this.looks);
    if (change.serving !== undefined) this.keeper.setServing(change.serving);
  }

  /** Takes over what the master knows by now: a name server follows its stream as well. */
  catchUp(controlPlane: ControlPlane): void {
    this.looks += 1;
    this.keeper.replace(snapshotOf(controlPlane), this.looks);
  }

  /** Ids of all tasks that have names. */
  *named(): Generator<string> {
    for (const id of this.keeper.tasks.keys()) if (recordsOfTask(this.keeper, id).length > 0) yield id;
  }
}

/** What a name server reads of `/state`. */
function snapshotOf({ master }: ControlPlane): Snapshot {
  const { view } = master;
  const agents = [...(view?.agents.values() ?? [])];
  return {
    leader: undefined,
    masters: [],
    agents: agents.map(({ id, info }) => ({ id, addresses: [info.ip], port: info.port })),
    frameworks: [...(view?.frameworks.values() ?? [])].map(({ id, info }) => {
      return { id, name: info.name, addresses: [], port: undefined };
    }),
    tasks: agents.flatMap((agent) =>
      [...agent.tasks.values()].flatMap((task) => {
        if (task.state !== 'TASK_RUNNING') return [];
        return {
          id: task.id,
          name: task.name,
          frameworkId: task.frameworkId,
          agentId: task.agentId,
          ports: [],
          discovery: undefined,
          addresses: { netinfo: [], docker: [], mesos: [] },
          healthy: task.statuses?.healthy,
          version: undefined,
          shard: undefined,
        };
      }),
    ),
    problems: [],
  };
}
