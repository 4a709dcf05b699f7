/** The roles: how much each counts, what it may have, what it has. */
import { useQuery } from '@tanstack/react-query';
import { Scale } from 'lucide-react';
import type { StateRole } from '@stadion/contract/mesos-state';
import { cores, count, counted, mebibytes } from '../../core/amounts.ts';
import { amountOf } from '../../core/cluster-facts.ts';
import { rolesQuery } from '../../data/cluster-queries.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Panel } from '../../parts/panel.tsx';
import { PlainTable } from '../../parts/plain-table.tsx';

const TITLES = ['Role', 'Guaranteed', 'At most', 'Weight', 'Frameworks', 'Allocated', 'Offered', 'Reserved'];

export function RolesTab() {
  const { data: roles } = useQuery(rolesQuery);
  if (roles === undefined) return <div aria-busy />;
  return (
    <Panel title="Roles" aside={counted(roles.length, 'role')} isFlush>
      {roles.length === 0 ? (
        <EmptyState icon={Scale} title="No role">
          A role is there as soon as a framework takes offers in it, or something is set for it.
        </EmptyState>
      ) : (
        <PlainTable label="Roles, a table" titles={TITLES} texts={3}>
          {roles.map((role) => (
            <Row key={role.name} role={role} />
          ))}
        </PlainTable>
      )}
    </Panel>
  );
}

function Row({ role }: { readonly role: StateRole }) {
  const { name, weight, quota, allocated, offered, reserved, frameworks } = role;
  return (
    <tr>
      <th scope="row">
        <bdi>{name}</bdi>
      </th>
      <td>{bounds(quota.guarantee, {})}</td>
      <td>{bounds(quota.limit, quota.consumed)}</td>
      <td>{weight}</td>
      <td>{count(frameworks.length)}</td>
      {[allocated, offered, reserved].map((resources, index) => (
        <td key={index}>
          {cores(amountOf(resources, 'cpus'))} CPU, {mebibytes(amountOf(resources, 'mem'))}
        </td>
      ))}
    </tr>
  );
}

/** @param consumed what of it is used up */
function bounds(amounts: Readonly<Record<string, number>>, consumed: Readonly<Record<string, number>>): string {
  const parts = Object.entries(amounts).map(([name, amount]) => {
    const format = name === 'mem' || name === 'disk' ? mebibytes : cores;
    const used = consumed[name];
    return `${name} ${used === undefined ? '' : `${format(used)} of `}${format(amount)}`;
  });
  return parts.length === 0 ? 'not bounded' : parts.join(', ');
}
