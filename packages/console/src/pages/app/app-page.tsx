/** One app: is it serving, what changed, what is wrong, what can be done. */
import { useQuery } from '@tanstack/react-query';
import { Link, Navigate, useParams, useSearch } from '@tanstack/react-router';
import { isApiError } from '@stadion/contract/client';
import type { AppInfo } from '@stadion/contract/orchestrator';
import { AppButtons } from '../../actions/app-actions.tsx';
import { appStatus } from '../../core/app-state.ts';
import { keepsVolumes, otherVolumes } from '../../core/volume-row.ts';
import { appQuery, appsQuery, podQuery } from '../../data/queries.ts';
import { Page } from '../../frame/page.tsx';
import { buttonClass } from '../../parts/button.tsx';
import { LabelChips } from '../../parts/label-chips.tsx';
import { AppHistory } from '../../parts/app-history.tsx';
import { NotThere } from '../../parts/not-there.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { AppBadges } from './app-badges.tsx';
import { AppState } from './app-state.tsx';
import { ConfigurationTab } from './configuration-tab.tsx';
import { InstancesTab } from './instances-tab.tsx';
import { LogsTab } from './logs-tab.tsx';
import { UsageTab } from './usage-tab.tsx';
import { StatisticsTab } from './statistics-tab.tsx';
import { VolumesTab } from './volumes-tab.tsx';

/** The id of the app that the URL names. */
function useAppId(): string {
  const { _splat: path = '' } = useParams({ from: '/app/$' });
  return `/${path}`;
}

export function AppPage() {
  const id = useAppId();
  const { data: app, error } = useQuery(appQuery(id));
  if (isApiError(error) && error.status === 404) return <Elsewhere key={id} id={id} />;
  if (error !== null && app === undefined) throw error;
  if (app === undefined) return <Page title={id}>{null}</Page>;
  return (
    <Page
      title={id}
      heading={
        <>
          <bdi>{id}</bdi>
          <AppBadges id={id} />
        </>
      }
      subtitle={<LabelChips labels={app.labels} shown={6} />}
      actions={<PageActions app={app} />}
    >
      <AppState app={app} />
      <AppTabs app={app} />
    </Page>
  );
}

function PageActions({ app }: { readonly app: AppInfo }) {
  const { data: row } = useQuery({ ...appsQuery, select: ({ byId }) => byId.get(app.id) });
  const isDelayed = row !== undefined && appStatus(row) === 'delayed';
  return (
    <AppButtons app={{ id: app.id, instances: app.instances, isStateful: app.residency !== undefined, isDelayed }} />
  );
}

function AppTabs({ app }: { readonly app: AppInfo }) {
  const { tab = 'instances' } = useSearch({ from: '/app/$' });
  const hasVolumes = keepsVolumes(app) || otherVolumes(app).length > 0;
  return (
    <>
      <Tabs
        label="About this app"
        chosen={tab}
        tabs={[
          { id: 'instances', label: 'Instances', count: app.tasks?.length ?? 0 },
          { id: 'usage', label: 'Usage' },
          { id: 'logs', label: 'Logs' },
          ...(hasVolumes ? [{ id: 'volumes', label: 'Volumes' }] : []),
          { id: 'configuration', label: 'Configuration' },
          { id: 'events', label: 'Events' },
          { id: 'statistics', label: 'Statistics' },
        ]}
      />
      {tab === 'usage' && <UsageTab app={app} />}
      {tab === 'logs' && <LogsTab key={app.id} app={app} />}
      {tab === 'volumes' && <VolumesTab app={app} />}
      {tab === 'configuration' && <ConfigurationTab app={app} />}
      {tab === 'events' && <AppHistory id={app.id} />}
      {tab === 'statistics' && <StatisticsTab app={app} />}
      {tab === 'instances' && <InstancesTab app={app} />}
    </>
  );
}

/** No app, but perhaps a pod: events and deployments name both by their ids alone. */
function Elsewhere({ id }: { readonly id: string }) {
  const { data: pod } = useQuery(podQuery(id));
  if (pod === undefined) return <Page title={id}>{null}</Page>;
  return pod === null ? <Gone id={id} /> : <Navigate to="/pod/$" params={{ _splat: id.slice(1) }} replace />;
}

function Gone({ id }: { readonly id: string }) {
  return (
    <Page title={id} heading={<bdi>{id}</bdi>}>
      <NotThere
        kind="app"
        way={
          <Link to="/apps" className={buttonClass()}>
            All apps
          </Link>
        }
      >
        It may have been destroyed, or was never created.
      </NotThere>
    </Page>
  );
}
