/** Statistics over the tasks of an app, as Marathon keeps them. */
import type { AppInfo, TaskStats } from '@stadion/contract/orchestrator';
import { count } from '../../core/amounts.ts';
import { span } from '../../core/moments.ts';
import { Panel } from '../../parts/panel.tsx';
import { PlainTable } from '../../parts/plain-table.tsx';

const ROWS: readonly (readonly [keyof TaskStats, string])[] = [
  ['startedAfterLastScaling', 'Started after the last scaling'],
  ['withLatestConfig', 'With the latest configuration'],
  ['withOutdatedConfig', 'With an outdated configuration'],
  ['totalSummary', 'All'],
];

const COLUMNS = ['Tasks', 'Running', 'Healthy', 'Unhealthy', 'Staged', 'Average life', 'Median life'];

export function StatisticsTab({ app }: { readonly app: AppInfo }) {
  return (
    <Panel isFlush>
      <PlainTable label="Statistics" titles={COLUMNS} texts={1}>
        {ROWS.map(([key, title]) => {
          const stats = app.taskStats?.[key]?.stats;
          const lived = (seconds: number | undefined): string => (seconds === undefined ? '–' : span(seconds * 1000));
          return (
            <tr key={key}>
              <th scope="row">{title}</th>
              <td>{count(stats?.counts.running ?? 0)}</td>
              <td>{count(stats?.counts.healthy ?? 0)}</td>
              <td>{count(stats?.counts.unhealthy ?? 0)}</td>
              <td>{count(stats?.counts.staged ?? 0)}</td>
              <td>{lived(stats?.lifeTime?.averageSeconds)}</td>
              <td>{lived(stats?.lifeTime?.medianSeconds)}</td>
            </tr>
          );
        })}
      </PlainTable>
    </Panel>
  );
}
