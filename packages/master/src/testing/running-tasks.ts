/** A cluster with tasks that run, and their agents' reports of them. */
import type { ReportedTask } from '@stadion/contract/agent-link';
import type { TaskState } from '@stadion/contract/mesos';
import type { AgentRegistry } from '../agent-registry.ts';
import { Cluster, resources, task, type ScriptedAgent, type ScriptedFramework } from './cluster.ts';

/** A task as its agent reports it. */
export function reported(
  framework: ScriptedFramework,
  agent: ScriptedAgent,
  id: string,
  state: TaskState = 'TASK_RUNNING',
): ReportedTask {
  const info = task(id, agent.agentId, resources(1, 128, { ports: portOf(id) }));
  return {
    framework_id: { value: framework.id },
    info,
    state,
    status: { task_id: info.task_id, agent_id: info.agent_id, state, timestamp: 1, uuid: `last-of-${id}` },
  };
}

function portOf(id: string): [number, number] {
  const port = 31000 + Number(id.slice(1));
  return [port, port];
}

/** One agent, one framework, and these tasks running. */
export async function stage(ids: readonly string[], config = {}, registry?: AgentRegistry) {
  const cluster = await Cluster.start(config, registry);
  const agent = await cluster.agent('a1');
  const framework = await cluster.framework();
  const infos = ids.map((id) => reported(framework, agent, id).info);
  await framework.accept(framework.lastOffer(), infos);
  for (const id of ids) await framework.acknowledge(await agent.update(framework.id, id, 'TASK_RUNNING'));
  agent.frameworks = [framework.info];
  agent.tasks = ids.map((id) => reported(framework, agent, id));
  return { cluster, agent, framework };
}

/** Thousandths of a core that are charged to an agent. */
export const charged = (cluster: Cluster, agent: ScriptedAgent): number | undefined =>
  cluster.master.view?.agents.get(agent.agentId)?.charged.cpus;
