/** What is being changed right now, step by step, instance by instance; and what was changed before, by whom. */
import { useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { Rocket } from 'lucide-react';
import type { DeploymentRecord } from '@stadion/contract/orchestrator-extensions';
import { counted } from '../../core/amounts.ts';
import { isUnderWay } from '../../core/deployment-words.ts';
import { deploymentsQuery, recordQuery, recordsQuery } from '../../data/queries.ts';
import { Page } from '../../frame/page.tsx';
import { buttonClass } from '../../parts/button.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Panel } from '../../parts/panel.tsx';
import { RecordList } from '../../parts/record-list.tsx';
import { DeploymentPanel } from './deployment-panel.tsx';

const NO_RECORDS: readonly DeploymentRecord[] = [];

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
      {id === undefined ? <Earlier isQuiet={shown?.length === 0} /> : shown?.length === 0 && <One key={id} id={id} />}
    </Page>
  );
}

/** Those that are over. */
function Earlier({ isQuiet }: { readonly isQuiet: boolean }) {
  const { data: records = NO_RECORDS } = useQuery(recordsQuery());
  const ended = useMemo(() => records.filter((record) => !isUnderWay(record)), [records]);
  return (
    <>
      {isQuiet && (
        <Panel isFlush>
          <EmptyState icon={Rocket} title="Nothing is being changed">
            Whenever an app is created, changed, scaled or destroyed, the steps are shown here as they are taken.
          </EmptyState>
        </Panel>
      )}
      {ended.length > 0 && (
        <Panel title="Earlier" aside="newest first" isFlush>
          <RecordList records={ended} />
        </Panel>
      )}
    </>
  );
}

/** One that was asked for by its id and is not under way. */
function One({ id }: { readonly id: string }) {
  const { data: record } = useQuery(recordQuery(id));
  if (record === undefined) return null;
  if (record === null) {
    return (
      <Panel isFlush>
        <EmptyState icon={Rocket} title="Nothing is known of this deployment">
          The platform remembers the latest ones only.
        </EmptyState>
      </Panel>
    );
  }
  return (
    <Panel title="This deployment has ended" isFlush>
      <RecordList records={[record]} openId={id} />
    </Panel>
  );
}
