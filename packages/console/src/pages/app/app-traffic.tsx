/** What comes in from outside: requests, latency and errors at the edge, by route, over the last ten seconds. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowRightToLine } from 'lucide-react';
import type { AppInfo } from '@stadion/contract/orchestrator';
import { latency, mayHaveRoutes, rate, routeId, routesTo, serversUp } from '../../core/edge-traffic.ts';
import { edgeRoutesQuery } from '../../data/cluster-queries.ts';
import styles from './app-state.module.css';

export function AppTraffic({ app }: { readonly app: AppInfo }) {
  const { data } = useQuery({ ...edgeRoutesQuery, enabled: mayHaveRoutes(app.labels) });
  return routesTo(app.id, data?.routes ?? []).map((route) => {
    const { requestsPerSecond, p50Ms, p99Ms, errorsPerSecond } = route.traffic;
    return (
      <div key={routeId(route)} className={styles['problem']} data-tone={errorsPerSecond > 0 ? 'bad' : 'busy'}>
        <ArrowRightToLine size={16} aria-hidden />
        <p>
          <strong>{rate(requestsPerSecond)}</strong> requests/s
          {requestsPerSecond > 0 && `, half within ${latency(p50Ms)}, 99 % within ${latency(p99Ms)}`},{' '}
          <strong>{rate(errorsPerSecond)}</strong> errors/s at{' '}
          {route.url === undefined ? (
            <bdi>{route.rule}</bdi>
          ) : (
            <a href={route.url} target="_blank" rel="noreferrer">
              <bdi>{route.url}</bdi>
            </a>
          )}{' '}
          ({serversUp(route)})
        </p>
        <Link to="/routes" search={{ route: routeId(route) }}>
          Route
        </Link>
      </div>
    );
  });
}
