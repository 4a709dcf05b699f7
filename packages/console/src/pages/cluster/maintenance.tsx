/** When machines will be out of service, and which are. */
import { useQuery } from '@tanstack/react-query';
import { counted } from '../../core/amounts.ts';
import { moment, span } from '../../core/moments.ts';
import { maintenanceQuery } from '../../data/cluster-queries.ts';
import { Badge } from '../../parts/badge.tsx';
import { Panel } from '../../parts/panel.tsx';
import { PlainTable } from '../../parts/plain-table.tsx';
import styles from './about-tab.module.css';

interface Machine {
  readonly hostname?: string | undefined;
  readonly ip?: string | undefined;
}

export function Maintenance() {
  const { data, error } = useQuery(maintenanceQuery);
  const { windows = [], down = [] } = data ?? {};
  const isQuiet = windows.length === 0 && down.length === 0;
  return (
    <Panel title="Maintenance" aside={counted(windows.length, 'window')} isFlush={!isQuiet}>
      {isQuiet ? (
        <p className={styles['quiet']}>
          {error?.message ?? 'No machine is out of service, and none is planned to be.'}
        </p>
      ) : (
        <PlainTable label="Maintenance, a table" titles={['Machines', 'From', 'For', 'State']}>
          {windows.map(({ machine_ids: machines, unavailability: { start, duration } }, index) => (
            <tr key={index}>
              <th scope="row">
                <bdi>{machines.map(nameOf).join(', ')}</bdi>
              </th>
              <td>{moment(start.nanoseconds / 1e6)}</td>
              <td>{duration === undefined ? 'until further notice' : span(duration.nanoseconds / 1e6)}</td>
              <td>
                {machines.some((machine) => down.some((one) => nameOf(one) === nameOf(machine))) ? (
                  <Badge tone="bad" isBare>
                    Out of service
                  </Badge>
                ) : (
                  <Badge tone="warn" isBare>
                    Planned
                  </Badge>
                )}
              </td>
            </tr>
          ))}
          {down
            .filter((one) => !windows.some(({ machine_ids: ids }) => ids.some((id) => nameOf(id) === nameOf(one))))
            .map((machine) => (
              <tr key={nameOf(machine)}>
                <th scope="row">
                  <bdi>{nameOf(machine)}</bdi>
                </th>
                <td />
                <td />
                <td>
                  <Badge tone="bad" isBare>
                    Out of service
                  </Badge>
                </td>
              </tr>
            ))}
        </PlainTable>
      )}
    </Panel>
  );
}

function nameOf({ hostname, ip }: Machine): string {
  return hostname ?? ip ?? '';
}
