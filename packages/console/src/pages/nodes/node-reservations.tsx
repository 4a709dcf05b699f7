/** What of a node is set aside for which role, whether tasks hold it or not. */
import { cores, mebibytes } from '../../core/amounts.ts';
import type { NodeRow } from '../../core/node-row.ts';
import { Panel } from '../../parts/panel.tsx';
import { PlainTable } from '../../parts/plain-table.tsx';

export function NodeReservations({ node }: { readonly node: NodeRow }) {
  return (
    <Panel title="Reserved" aside="for roles, held or not" isFlush>
      <PlainTable label="Reserved, a table" titles={['Role', 'CPU', 'Memory', 'Disk']} texts={1}>
        {node.reservations.map(({ role, cpus, mem, disk }) => (
          <tr key={role}>
            <th scope="row">
              <bdi>{role}</bdi>
            </th>
            <td>{cores(cpus)}</td>
            <td>{mebibytes(mem)}</td>
            <td>{mebibytes(disk)}</td>
          </tr>
        ))}
      </PlainTable>
    </Panel>
  );
}
