/** What is offered at this moment and not answered yet, by node. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { StateSlave } from '@stadion/contract/mesos-state';
import { cores, counted, mebibytes } from '../../core/amounts.ts';
import { SCALARS, amountOf } from '../../core/cluster-facts.ts';
import { clusterMetricsQuery } from '../../data/queries.ts';
import { Panel } from '../../parts/panel.tsx';
import { PlainTable } from '../../parts/plain-table.tsx';
import styles from './about-tab.module.css';

/** Nodes that are listed. */
const SHOWN = 50;

export function Offers({ slaves }: { readonly slaves: readonly StateSlave[] }) {
  const { data: metrics = {} } = useQuery(clusterMetricsQuery);
  const offered = slaves.filter(({ offered_resources: resources }) =>
    SCALARS.some((name) => amountOf(resources, name) > 0),
  );
  const open = metrics['master/outstanding_offers'] ?? 0;
  return (
    <Panel title="Offers" aside={`${counted(open, 'offer')} outstanding`} isFlush={offered.length > 0}>
      {offered.length === 0 ? (
        <p className={styles['quiet']}>Nothing is on offer: whoever was asked has answered.</p>
      ) : (
        <PlainTable label="Offers, a table" titles={['Node', 'CPU', 'Memory', 'Disk']} texts={1}>
          {offered.slice(0, SHOWN).map(({ id, hostname, offered_resources: resources }) => (
            <tr key={id}>
              <th scope="row">
                <Link to="/node/$agentId" params={{ agentId: id }}>
                  <bdi>{hostname}</bdi>
                </Link>
              </th>
              <td>{cores(amountOf(resources, 'cpus'))}</td>
              <td>{mebibytes(amountOf(resources, 'mem'))}</td>
              <td>{mebibytes(amountOf(resources, 'disk'))}</td>
            </tr>
          ))}
        </PlainTable>
      )}
    </Panel>
  );
}
