/** One route: what it takes, what is done to requests on the way, and the servers behind it. */
import { Link } from '@tanstack/react-router';
import { X } from 'lucide-react';
import type { EdgeRoute, EdgeServer } from '@stadion/contract/edge';
import { bytes, count } from '../../core/amounts.ts';
import { latency } from '../../core/edge-traffic.ts';
import { Badge, type Tone } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { Facts, Panel } from '../../parts/panel.tsx';
import { PlainTable } from '../../parts/plain-table.tsx';

const SERVER_TITLES = ['Server', 'App', 'State', 'Weight', 'Active', 'Requests', 'Failures', 'Latency'];
const TONES: Readonly<Record<string, Tone>> = { up: 'good', draining: 'busy', down: 'bad', ejected: 'bad' };

export function RoutePanel({ route, onClose }: { readonly route: EdgeRoute; readonly onClose: () => void }) {
  const { traffic } = route;
  const classes = traffic.statuses.flatMap((amount, index) =>
    amount === 0 ? [] : [`${count(amount)} × ${String(index + 1)}xx`],
  );
  return (
    <>
      <Panel
        title={route.name}
        aside={
          <Button icon={<X size={14} aria-hidden />} onClick={onClose}>
            Close
          </Button>
        }
      >
        <Facts
          facts={[
            ['Takes', <bdi key="rule">{route.rule}</bdi>],
            ['Protocol', `${route.protocol} at ${route.entryPoints.join(', ')}`],
            ['Priority', String(route.priority)],
            [
              'On the way',
              route.middlewares.length === 0 ? 'nothing' : <bdi key="way">{route.middlewares.join(', ')}</bdi>,
            ],
            ['Service', <bdi key="service">{route.service}</bdi>],
            ['Answers', classes.join(', ') || 'none yet'],
            ['Tried again', count(traffic.retries)],
            ['Bytes', `${bytes(traffic.bytesIn)} in, ${bytes(traffic.bytesOut)} out`],
            ...(route.leftToWorkers === undefined ? [] : [['Left to the workers', route.leftToWorkers] as const]),
          ]}
        />
      </Panel>
      <Panel title={`Servers of ${route.name}`} isFlush>
        <PlainTable label="Servers, a table" titles={SERVER_TITLES} texts={3}>
          {route.servers.map((server) => (
            <ServerRow key={server.id} server={server} />
          ))}
        </PlainTable>
      </Panel>
    </>
  );
}

function ServerRow({ server }: { readonly server: EdgeServer }) {
  const { id, app, task, state, weight, active, requests, failures, latencyMs } = server;
  return (
    <tr>
      <th scope="row">
        {task === undefined ? (
          <bdi>{id}</bdi>
        ) : (
          <Link to="/instance/$taskId" params={{ taskId: task }}>
            <bdi>{id}</bdi>
          </Link>
        )}
      </th>
      <td>{app === undefined ? 'outside' : <bdi>{app}</bdi>}</td>
      <td>
        <Badge tone={TONES[state] ?? 'idle'} isBare>
          {state}
        </Badge>
      </td>
      <td>{weight}</td>
      <td>{count(active)}</td>
      <td>{count(requests)}</td>
      <td>{count(failures)}</td>
      <td>{latency(latencyMs)}</td>
    </tr>
  );
}
