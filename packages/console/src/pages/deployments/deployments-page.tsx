/** What is being changed right now, step by step, instance by instance; and what was changed since the page was opened. */
import { useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { Rocket } from 'lucide-react';
import { counted } from '../../core/amounts.ts';
import { deploymentsQuery } from '../../data/queries.ts';
import { useEvents } from '../../data/use-live.ts';
import { Page } from '../../frame/page.tsx';
import { buttonClass } from '../../parts/button.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { EventList } from '../../parts/event-list.tsx';
import { Panel } from '../../parts/panel.tsx';
import { DeploymentPanel } from './deployment-panel.tsx';

const ENDED_SHOWN = 30;

export function DeploymentsPage() {
  const { id } = useSearch({ from: '/deployments' });
  const { data: deployments, error } = useQuery(deploymentsQuery);
  if (error !== null && deployments === undefined) throw error;
  const shown = id === undefined ? deployments : deployments?.filter((one) => one.id === id);
  return (
    <Page
      title="Deployments"
      subtitle={deployments === undefined ? 'Reading …' : `${counted(deployments.length, 'deployment')} under way`}
      actions={
        id !== undefined && (
          <Link to="/deployments" className={buttonClass()}>
            All deployments
          </Link>
        )
      }
    >
      {shown?.map((deployment) => (
        <DeploymentPanel key={deployment.id} deployment={deployment} />
      ))}
      {shown?.length === 0 && (
        <Panel isFlush>
          <EmptyState icon={Rocket} title={id === undefined ? 'Nothing is being changed' : 'This deployment has ended'}>
            Whenever an app is created, changed, scaled or destroyed, the steps are shown here as they are taken.
          </EmptyState>
        </Panel>
      )}
      <Ended id={id} />
    </Page>
  );
}

function Ended({ id }: { readonly id: string | undefined }) {
  const events = useEvents();
  const ended = useMemo(
    () =>
      events
        .filter(({ event }) => event.eventType === 'deployment_success' || event.eventType === 'deployment_failed')
        .filter(({ event }) => id === undefined || ('plan' in event && event.plan.id === id))
        .slice(-ENDED_SHOWN)
        .reverse(),
    [events, id],
  );
  if (ended.length === 0) return null;
  return (
    <Panel title="Ended since this page was opened">
      <EventList events={ended} />
    </Panel>
  );
}
