/** The apps that somebody should look at, each with what is wrong with it. */
import { Link } from '@tanstack/react-router';
import type { AppSummary } from '@stadion/contract/overview';
import { counted } from '../../core/amounts.ts';
import { appStatus } from '../../core/app-state.ts';
import { AppLink } from '../../parts/app-link.tsx';
import { HealthBadge, StatusBadge } from '../../parts/badge.tsx';
import { Panel } from '../../parts/panel.tsx';
import styles from './troubled-apps.module.css';

const SHOWN = 8;

export function TroubledApps({ apps }: { readonly apps: readonly AppSummary[] }) {
  return (
    <Panel
      title="Needs attention"
      aside={
        apps.length > SHOWN && (
          <Link to="/apps" search={{ status: ['waiting', 'delayed'] }}>
            {counted(apps.length, 'app')}
          </Link>
        )
      }
      isFlush
    >
      <ul className={styles['list']}>
        {apps.slice(0, SHOWN).map((app) => (
          <li key={app.id}>
            <div className={styles['name']}>
              <AppLink id={app.id} />
              {app.unhealthy > 0 ? <HealthBadge health="unhealthy" /> : <StatusBadge status={appStatus(app)} />}
            </div>
            <p>{problemOf(app)}</p>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function problemOf(app: AppSummary): string {
  const { waiting } = app;
  const health = app.unhealthy > 0 ? `${counted(app.unhealthy, 'instance')} unhealthy.` : '';
  if (waiting === undefined) return health;
  const count = counted(waiting.count, 'instance');
  const reason =
    waiting.delaySeconds > 0
      ? `${count} held back for ${String(waiting.delaySeconds)} s after failures.`
      : waiting.reason || `${count} not placed yet.`;
  return `${health} ${reason}`.trim();
}
