/** The frameworks: active, inactive and those that left. */
import { useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { StateSummary } from '@stadion/contract/mesos-state';
import { cores, count, counted, mebibytes, percent } from '../../core/amounts.ts';
import { FRAMEWORK_STATES, frameworkRows, type FrameworkRow } from '../../core/cluster-facts.ts';
import { completedFrameworksQuery } from '../../data/cluster-queries.ts';
import { Badge } from '../../parts/badge.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { Panel } from '../../parts/panel.tsx';
import { PlainTable } from '../../parts/plain-table.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';

const TITLES = ['Framework', 'State', 'User', 'Roles', 'Since', 'Tasks', 'CPU', 'Memory', 'Disk', 'Share'];

type Completed = NonNullable<ReturnType<typeof useCompleted>>;

function useCompleted() {
  return useQuery(completedFrameworksQuery).data;
}

const NONE: Completed = [];

export function Frameworks({ summary }: { readonly summary: StateSummary }) {
  const completed = useCompleted() ?? NONE;
  const rows = useMemo(() => frameworkRows(summary, completed), [summary, completed]);
  return (
    <Panel title="Frameworks" aside={counted(rows.length, 'framework')} isFlush>
      <PlainTable label="Frameworks, a table" titles={TITLES} texts={5}>
        {rows.map((row) => (
          <Row key={`${row.id} ${row.state}`} row={row} />
        ))}
      </PlainTable>
    </Panel>
  );
}

function Row({ row }: { readonly row: FrameworkRow }) {
  const { id, name, state, user, roles, at, tasks, cpus, mem, disk, share } = row;
  const { tone, word } = FRAMEWORK_STATES[state];
  return (
    <tr>
      <th scope="row">
        <Link to="/framework/$frameworkId" params={{ frameworkId: id }}>
          <bdi title={id}>{name === '' ? id : name}</bdi>
        </Link>{' '}
        <CopyButton text={id} label={`Copy the id of ${name}`} />
      </th>
      <td>
        <Badge tone={tone} isBare>
          {word}
        </Badge>
      </td>
      <td>
        <bdi>{user}</bdi>
      </td>
      <td>
        <bdi>{roles.join(', ')}</bdi>
      </td>
      <td>{at !== undefined && <TimeAgo at={at} />}</td>
      <td>{count(tasks)}</td>
      <td>{cores(cpus)}</td>
      <td>{mebibytes(mem)}</td>
      <td>{mebibytes(disk)}</td>
      <td>{percent(share)}</td>
    </tr>
  );
}
