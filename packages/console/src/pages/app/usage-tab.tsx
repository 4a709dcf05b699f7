/** What each instance of an app uses of its CPU and memory, while one looks. */
import { useMemo, useState } from 'react';
import { Link } from '@tanstack/react-router';
import { Boxes } from 'lucide-react';
import type { AppInfo } from '@stadion/contract/orchestrator';
import { taskName } from '../../core/task-row.ts';
import { useUsage } from '../../data/use-usage.ts';
import { Button } from '../../parts/button.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Panel } from '../../parts/panel.tsx';
import { UsageCharts } from '../../parts/usage-charts.tsx';
import styles from './usage-tab.module.css';

/** Instances that are drawn at first, and with each wish for more. */
const SHOWN = 12;

export function UsageTab({ app }: { readonly app: AppInfo }) {
  const [shown, setShown] = useState(SHOWN);
  const running = useMemo(
    () =>
      (app.tasks ?? []).flatMap(({ id, slaveId, host }) =>
        slaveId === undefined ? [] : [{ id, host, agentId: slaveId }],
      ),
    [app.tasks],
  );
  const tasks = useMemo(() => running.slice(0, shown), [running, shown]);
  const usage = useUsage(tasks);
  if (running.length === 0) {
    return (
      <Panel isFlush>
        <EmptyState icon={Boxes} title="No instances">
          What instances use of CPU and memory is drawn here while they run.
        </EmptyState>
      </Panel>
    );
  }
  return (
    <Panel title="Usage" aside="measured each two seconds, since the console was opened" isFlush>
      <ul className={styles['list']}>
        {tasks.map(({ id, host }) => (
          <li key={id} aria-label={taskName(id)}>
            <p className={styles['name']}>
              <Link to="/instance/$taskId" params={{ taskId: id }}>
                <code>{taskName(id)}</code>
              </Link>
              <bdi>{host}</bdi>
            </p>
            <UsageCharts samples={usage.get(id) ?? []} limits={app} isCompact />
          </li>
        ))}
      </ul>
      {running.length > shown && (
        <p className={styles['more']}>
          <Button
            onClick={() => {
              setShown(shown + SHOWN);
            }}
          >
            Show more
          </Button>
        </p>
      )}
    </Panel>
  );
}
