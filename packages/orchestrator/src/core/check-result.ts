/** Results of checks that are only told about (`mesos.v1.CheckStatusInfo`), as the API shows them. */
import type { CheckStatusInfo } from '@stadion/contract/mesos-workload';
import type { CheckResult } from '@stadion/contract/orchestrator-pods';

/** As Marathon shows it: the member of the check's kind, empty while there is no result. */
export function checkResult({ http, tcp, command }: CheckStatusInfo): CheckResult {
  if (http !== undefined) return { http: http.status_code === undefined ? {} : { statusCode: http.status_code } };
  if (tcp !== undefined) return { tcp: tcp.succeeded === undefined ? {} : { succeeded: tcp.succeeded } };
  return { command: command?.exit_code === undefined ? {} : { exitCode: command.exit_code } };
}

/** Whether two results say the same. */
export function sameCheckStatus(left: CheckStatusInfo | undefined, right: CheckStatusInfo | undefined): boolean {
  return (
    left?.type === right?.type &&
    left?.http?.status_code === right?.http?.status_code &&
    left?.tcp?.succeeded === right?.tcp?.succeeded &&
    left?.command?.exit_code === right?.command?.exit_code
  );
}
