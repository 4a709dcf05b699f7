/** What each health check of an instance found. */
import type { AppInfo, HealthCheck, Task } from '@stadion/contract/orchestrator';
import { counted } from '../../core/amounts.ts';
import { HealthBadge } from '../../parts/badge.tsx';
import { Panel } from '../../parts/panel.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';
import styles from './health-panel.module.css';

export function HealthPanel({ app, task }: { readonly app: AppInfo; readonly task: Task }) {
  const checks = app.healthChecks ?? [];
  return (
    <Panel title="Health checks">
      {checks.length === 0 && (
        <p className={styles['none']}>Nobody checks this app: an instance counts as up when it runs.</p>
      )}
      <ul className={styles['checks']}>
        {checks.map((check, index) => (
          <Check key={index} check={check} result={task.healthCheckResults[index]} />
        ))}
      </ul>
    </Panel>
  );
}

function Check({
  check,
  result,
}: {
  readonly check: HealthCheck;
  readonly result: Task['healthCheckResults'][number] | undefined;
}) {
  const health = result === undefined ? 'unknown' : result.alive ? 'healthy' : 'unhealthy';
  return (
    <li>
      <div className={styles['head']}>
        <code>{nameOf(check)}</code>
        <HealthBadge health={health} />
      </div>
      <p>
        Each {check.intervalSeconds} s
        {result?.lastSuccess !== undefined && (
          <>
            , passed <TimeAgo at={result.lastSuccess} />
          </>
        )}
        {result?.lastFailure !== undefined && (
          <>
            , failed <TimeAgo at={result.lastFailure} />
          </>
        )}
        {result !== undefined &&
          result.consecutiveFailures > 0 &&
          `, ${counted(result.consecutiveFailures, 'time')} in a row`}
      </p>
      {result?.lastFailureCause !== undefined && (
        <p className={styles['cause']}>
          <bdi>{result.lastFailureCause}</bdi>
        </p>
      )}
    </li>
  );
}

function nameOf({ protocol, path, command, portIndex, port }: HealthCheck): string {
  if (command !== undefined) return `${protocol} ${command.value}`;
  const where = port === undefined ? `port ${String(portIndex ?? 0)}` : String(port);
  return `${protocol} ${path ?? ''} ${where}`.replace('  ', ' ');
}
