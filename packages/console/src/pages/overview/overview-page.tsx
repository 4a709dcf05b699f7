/** Is all well? What runs, what changes, what is wrong, and what is left of the machines. */
import { useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CircleAlert, CircleCheck, Hourglass, LoaderCircle } from 'lucide-react';
import { count } from '../../core/amounts.ts';
import type { AppsSearch } from '../../core/apps-search.ts';
import { isNoteworthy } from '../../core/event-words.ts';
import { nodeCountsOf, verdictOf, type Verdict } from '../../core/verdict.ts';
import { appsQuery, clusterMetricsQuery } from '../../data/queries.ts';
import { useEvents } from '../../data/use-live.ts';
import { Columns, Page } from '../../frame/page.tsx';
import { EventList } from '../../parts/event-list.tsx';
import { Panel } from '../../parts/panel.tsx';
import { FirstApp } from './first-app.tsx';
import { ResourcesPanel } from './resources-panel.tsx';
import { TroubledApps } from './troubled-apps.tsx';
import styles from './overview-page.module.css';

const ICONS = { good: CircleCheck, busy: LoaderCircle, warn: Hourglass, bad: CircleAlert };
const EVENTS_SHOWN = 12;

export function OverviewPage() {
  const { data: index, error } = useQuery(appsQuery);
  const { data: metrics } = useQuery(clusterMetricsQuery);
  const verdict = useMemo(
    () => (index === undefined ? undefined : verdictOf(index.apps, nodeCountsOf(metrics))),
    [index, metrics],
  );
  if (error !== null && index === undefined) throw error;
  return (
    <Page title="Overview">
      {verdict === undefined ? <div className={styles['loading']} aria-busy /> : <VerdictStrip verdict={verdict} />}
      {index?.isComplete === true && index.apps.length === 0 && <FirstApp />}
      <Columns>
        <div className={styles['stack']}>
          {verdict !== undefined && verdict.troubled.length > 0 && <TroubledApps apps={verdict.troubled} />}
          <ResourcesPanel />
        </div>
        <RecentChanges />
      </Columns>
    </Page>
  );
}

function VerdictStrip({ verdict }: { readonly verdict: Verdict }) {
  const Icon = ICONS[verdict.tone];
  const { byStatus, instances } = verdict;
  return (
    <section className={styles['strip']} aria-label="State of the cluster">
      <div className={styles['verdict']} data-tone={verdict.tone}>
        <Icon size={22} aria-hidden />
        <p>{verdict.sentence}</p>
      </div>
      <Figure label="running" value={byStatus.running} search={{ status: ['running'] }} />
      <Figure label="deploying" value={byStatus.deploying} search={{ status: ['deploying'] }} />
      <Figure label="unhealthy" value={verdict.unhealthy} search={{ health: ['unhealthy'] }} isBad />
      <Figure
        label="waiting"
        value={byStatus.waiting + byStatus.delayed}
        search={{ status: ['waiting', 'delayed'] }}
        isBad
      />
      <div className={styles['figure']}>
        <strong>
          {count(instances.running)}
          <small> of {count(instances.wanted)}</small>
        </strong>
        <span>instances up</span>
      </div>
    </section>
  );
}

function Figure({
  label,
  value,
  search,
  isBad = false,
}: {
  readonly label: string;
  readonly value: number;
  readonly search: AppsSearch;
  readonly isBad?: boolean;
}) {
  return (
    <Link to="/apps" search={search} className={styles['figure']} data-bad={(isBad && value > 0) || undefined}>
      <strong>{count(value)}</strong>
      <span>{label}</span>
    </Link>
  );
}

function RecentChanges() {
  const events = useEvents();
  const shown = useMemo(
    () =>
      events
        .filter(({ event }) => isNoteworthy(event))
        .slice(-EVENTS_SHOWN)
        .reverse(),
    [events],
  );
  return (
    <Panel title="Recent changes">
      {shown.length === 0 ? (
        <p className={styles['quiet']}>Nothing has changed lately. What happens appears here at once.</p>
      ) : (
        <EventList events={shown} />
      )}
    </Panel>
  );
}
