/** What callers from outside notice of a deployment: requests to the app at this moment, and how many of them fail. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { AppInfo } from '@stadion/contract/orchestrator';
import { latency, mayHaveRoutes, rate, routeId, routesTo } from '../../core/edge-traffic.ts';
import { edgeRoutesQuery } from '../../data/cluster-queries.ts';
import styles from './deployment-panel.module.css';

export function RequestErrors({ app }: { readonly app: AppInfo }) {
  const { data } = useQuery({ ...edgeRoutesQuery, enabled: mayHaveRoutes(app.labels) });
  return routesTo(app.id, data?.routes ?? []).map((route) => {
    const { requestsPerSecond, errorsPerSecond, p99Ms } = route.traffic;
    return (
      <p key={routeId(route)} className={styles['traffic']} data-failing={errorsPerSecond > 0 || undefined}>
        <Link to="/routes" search={{ route: routeId(route) }}>
          <bdi>{route.url ?? route.rule}</bdi>
        </Link>
        : {rate(requestsPerSecond)} requests/s, <strong>{rate(errorsPerSecond)} errors/s</strong>
        {requestsPerSecond > 0 && `, 99 % within ${latency(p99Ms)}`}
      </p>
    );
  });
}
