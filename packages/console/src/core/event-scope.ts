/** Which events are about a node or a task. */
import type { OrchestratorEvent } from '@stadion/contract/orchestrator';

/** Whether something happened on a node. */
export function isOnNode(event: OrchestratorEvent, agentId: string): boolean {
  if ('slaveId' in event) return event.slaveId === agentId;
  return 'agentId' in event && event.agentId === agentId;
}

/** Whether something happened to a task, or to the instance that it is a launch of. */
export function isOfTask(event: OrchestratorEvent, taskId: string): boolean {
  if ('taskId' in event) return event.taskId === taskId;
  return 'instanceId' in event && instanceOf(taskId) === instanceOf(event.instanceId);
}

/** What makes an instance unlike all others, in any of the ways in which ids are written. */
function instanceOf(id: string): string {
  return /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(id)?.[0] ?? id;
}
