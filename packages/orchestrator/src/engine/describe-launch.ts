/** Puts together what an instance is launched as: an app or a pod, on what is offered or on what is reserved for it. */
import type { Random } from '@stadion/base';
import type { Resource } from '@stadion/contract/mesos';
import { podOf } from '../core/pod/run-spec.ts';
import { buildTaskGroup } from '../core/pod/task-group.ts';
import { asReserved, reserveOperations, volumeResources, type Owner } from '../core/residency/launch.ts';
import { buildTaskInfo } from '../core/task/task-info.ts';
import type { DescribeLaunch, LaunchDescription } from './launch-maker.ts';

/** @param random chooses what stands for ports that are any */
export function describeLaunch(
  launch: Parameters<DescribeLaunch>[0],
  frameworkId: string,
  random: Random,
): LaunchDescription {
  const { app, instance, offer, hostPorts, isRelaunch } = launch;
  const pod = podOf(app);
  const where = {
    agentId: offer.agent_id,
    hostname: offer.hostname,
    hostPorts,
    role: offer.allocation_info.role,
  };
  const plain: LaunchDescription =
    pod === undefined
      ? {
          kind: 'task',
          task: buildTaskInfo({ ...where, app, instanceId: instance.id, taskId: launch.taskId, random }),
        }
      : { kind: 'group', ...buildTaskGroup({ ...where, spec: app, pod, instance }) };
  const { reservation } = instance;
  if (reservation === undefined) return plain;
  const owner: Owner = { frameworkId, instanceId: instance.id, reservation };
  const volumes = volumeResources(app, owner);
  const resident = onReserved(plain, owner, volumes);
  if (isRelaunch) return resident;
  const needs = resourcesOf(plain).map((resource) => asReserved(resource, owner));
  return { ...resident, before: reserveOperations(needs, volumes, owner) };
}

/** The same launch on reserved resources. The volumes go to the task of an app, and to the executor of a pod. */
function onReserved(launch: LaunchDescription, owner: Owner, volumes: readonly Resource[]): LaunchDescription {
  const reserved = (resources: readonly Resource[]): Resource[] => resources.map((each) => asReserved(each, owner));
  if (launch.kind === 'task') {
    return { kind: 'task', task: { ...launch.task, resources: [...reserved(launch.task.resources), ...volumes] } };
  }
  const { executor, tasks } = launch;
  return {
    kind: 'group',
    executor: { ...executor, resources: [...reserved(executor.resources), ...volumes] },
    tasks: tasks.map((task) => ({ ...task, resources: reserved(task.resources) })),
  };
}

function resourcesOf(launch: LaunchDescription): readonly Resource[] {
  if (launch.kind === 'task') return launch.task.resources;
  return [...launch.executor.resources, ...launch.tasks.flatMap(({ resources }) => resources)];
}
