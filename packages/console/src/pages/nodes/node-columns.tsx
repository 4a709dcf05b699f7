/** What the list of nodes shows of each. */
import { Link } from '@tanstack/react-router';
import { CircleCheck, CircleOff, LogOut, Unplug } from 'lucide-react';
import { cores, mebibytes } from '../../core/amounts.ts';
import { usedShare, type NodeRow } from '../../core/node-row.ts';
import { Badge } from '../../parts/badge.tsx';
import type { TableColumn } from '../../parts/data-table.tsx';
import { Meter } from '../../parts/meter.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';

const STATES = {
  active: { tone: 'good', icon: CircleCheck, word: 'Active' },
  cordoned: { tone: 'warn', icon: CircleOff, word: 'Cordoned' },
  draining: { tone: 'warn', icon: LogOut, word: 'Draining' },
  drained: { tone: 'warn', icon: CircleOff, word: 'Drained' },
  away: { tone: 'bad', icon: Unplug, word: 'Out of contact' },
} as const;

/** What each state is called. */
export const NODE_STATE_WORDS = {
  active: STATES.active.word,
  cordoned: STATES.cordoned.word,
  draining: STATES.draining.word,
  drained: STATES.drained.word,
  away: STATES.away.word,
};

/** The state of a node. */
export function NodeState({ state }: { readonly state: NodeRow['state'] }) {
  const { tone, icon, word } = STATES[state];
  return (
    <Badge tone={tone} icon={icon} isBare>
      {word}
    </Badge>
  );
}

export const nodeColumns: readonly TableColumn<NodeRow>[] = [
  {
    id: 'name',
    title: 'Node',
    width: 'minmax(9rem, 1.3fr)',
    phone: 'minmax(0, 1fr)',
    value: ({ hostname }) => hostname,
    cell: ({ id, hostname }) => (
      <Link to="/node/$agentId" params={{ agentId: id }}>
        <bdi>{hostname}</bdi>
      </Link>
    ),
  },
  {
    id: 'state',
    title: 'State',
    width: '8rem',
    phone: '6.75rem',
    value: ({ state }) => state,
    cell: ({ state }) => <NodeState state={state} />,
  },
  {
    id: 'cpus',
    title: 'CPU',
    width: 'minmax(9rem, 1fr)',
    phone: '7rem',
    value: ({ cpus }) => usedShare(cpus),
    cell: ({ cpus }) => <Meter label="" used={cpus.used} total={cpus.total} format={cores} name="CPU" />,
  },
  {
    id: 'mem',
    title: 'Memory',
    width: 'minmax(11rem, 1.2fr)',
    value: ({ mem }) => usedShare(mem),
    cell: ({ mem }) => <Meter label="" used={mem.used} total={mem.total} format={mebibytes} name="Memory" />,
  },
  {
    id: 'disk',
    title: 'Disk',
    width: 'minmax(11rem, 1.2fr)',
    value: ({ disk }) => usedShare(disk),
    cell: ({ disk }) => <Meter label="" used={disk.used} total={disk.total} format={mebibytes} name="Disk" />,
  },
  {
    id: 'registered',
    title: 'Registered',
    width: '6.5rem',
    value: ({ registeredAt }) => registeredAt ?? 0,
    cell: ({ registeredAt }) => (registeredAt === undefined ? '' : <TimeAgo at={registeredAt} />),
  },
];
