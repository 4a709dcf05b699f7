/** A check that is only told about (`mesos.v1.CheckInfo`): what its probes answer is the task's `check_status`. */
import type { CheckInfo, CheckStatusInfo } from '@stadion/contract/mesos-workload';
import type { ProbeAnswer } from './probe.ts';

/** Of a check without a result: none yet, or a probe that gave none in time. */
export function noCheckStatus({ type }: CheckInfo): CheckStatusInfo {
  const member = type === 'COMMAND' ? 'command' : type === 'HTTP' ? 'http' : 'tcp';
  return { type, [member]: {} };
}

/** What an answer says. A connection that is refused is a result of a TCP check, and none of an HTTP check. */
export function toCheckStatus(check: CheckInfo, answer: ProbeAnswer): CheckStatusInfo {
  const { type } = check;
  switch (answer.kind) {
    case 'http':
      return { type, http: { status_code: answer.status } };
    case 'command':
      return { type, command: { exit_code: answer.exitCode } };
    case 'tcp':
      return { type, tcp: { succeeded: true } };
    case 'failed':
      return type === 'TCP' ? { type, tcp: { succeeded: false } } : noCheckStatus(check);
  }
}

/** Whether two results say the same. */
export function sameCheckStatus(left: CheckStatusInfo, right: CheckStatusInfo): boolean {
  return (
    left.http?.status_code === right.http?.status_code &&
    left.command?.exit_code === right.command?.exit_code &&
    left.tcp?.succeeded === right.tcp?.succeeded
  );
}
