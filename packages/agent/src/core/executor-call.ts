/** What is wrong with a call of a custom executor that has all its members (`mesos::internal::slave::validation`). */
import type { ExecutorCall } from '@stadion/contract/mesos-executor';

/** 16 bytes in base64. */
const UUID = /^[\w+/-]{22}(==)?$/;

/** A sentence, or nothing. */
export function findCallProblem(call: ExecutorCall): string | undefined {
  if (call.type === 'SUBSCRIBE') {
    for (const { status } of call.subscribe?.unacknowledged_updates ?? []) {
      const problem = findStatusProblem(status);
      if (problem !== undefined) return problem;
    }
  }
  return call.type === 'UPDATE' ? findStatusProblem(call.update.status) : undefined;
}

type Status = Extract<ExecutorCall, { type: 'UPDATE' }>['update']['status'];

function findStatusProblem({ uuid, state, source }: Status): string | undefined {
  if (uuid === undefined) return `Expecting 'uuid' to be present`;
  if (!UUID.test(uuid)) return `Not a valid UUID in 'uuid'`;
  if (source !== 'SOURCE_EXECUTOR') return `Received Call from executor with unexpected 'source'`;
  return state === 'TASK_STAGING' ? 'TASK_STAGING is not allowed' : undefined;
}
