/** What the list of routes shows of each. */
import type { EdgeRoute } from '@stadion/contract/edge';
import { latency, rate, serversUp } from '../../core/edge-traffic.ts';
import { AppLink } from '../../parts/app-link.tsx';
import { Badge } from '../../parts/badge.tsx';
import type { TableColumn } from '../../parts/data-table.tsx';
import { RowLink } from '../../parts/row-link.tsx';

/** @param hrefOf the address of this page with a route open, and all else as it is */
export const routeColumns = (hrefOf: (route: EdgeRoute) => string): readonly TableColumn<EdgeRoute>[] => [
  {
    id: 'name',
    title: 'Route',
    width: 'minmax(8rem, 1fr)',
    phone: 'minmax(0, 1fr)',
    value: ({ name }) => name,
    cell: (route) => (
      <RowLink href={hrefOf(route)}>
        <bdi>{route.name}</bdi>
      </RowLink>
    ),
  },
  {
    id: 'rule',
    title: 'Takes',
    width: 'minmax(12rem, 2fr)',
    value: ({ rule }) => rule,
    cell: ({ rule, url }) =>
      url === undefined ? (
        <bdi title={rule}>{rule}</bdi>
      ) : (
        <a href={url} target="_blank" rel="noreferrer" title={rule}>
          <bdi>{rule}</bdi>
        </a>
      ),
  },
  {
    id: 'source',
    title: 'Of',
    width: 'minmax(8rem, 1fr)',
    value: ({ source }) => source,
    cell: ({ source }) => (source.startsWith('/') ? <AppLink id={source} /> : <bdi>{source}</bdi>),
  },
  {
    id: 'servers',
    title: 'Servers',
    width: '6.5rem',
    phone: '6rem',
    value: ({ servers }) => servers.length,
    cell: (route) => (
      <Badge tone={route.servers.some(({ state }) => state === 'up') ? 'good' : 'bad'} isBare>
        {serversUp(route)}
      </Badge>
    ),
  },
  {
    id: 'rate',
    title: 'Requests/s',
    width: '6rem',
    phone: '5rem',
    align: 'end',
    value: ({ traffic }) => traffic.requestsPerSecond,
    cell: ({ traffic }) => rate(traffic.requestsPerSecond),
  },
  {
    id: 'p50',
    title: 'Median',
    width: '5.5rem',
    align: 'end',
    value: ({ traffic }) => traffic.p50Ms,
    cell: ({ traffic }) => latency(traffic.p50Ms),
  },
  {
    id: 'p99',
    title: '99 %',
    width: '5.5rem',
    align: 'end',
    value: ({ traffic }) => traffic.p99Ms,
    cell: ({ traffic }) => latency(traffic.p99Ms),
  },
  {
    id: 'errors',
    title: 'Errors/s',
    width: '5.5rem',
    align: 'end',
    value: ({ traffic }) => traffic.errorsPerSecond,
    cell: ({ traffic }) => rate(traffic.errorsPerSecond),
  },
];
