/** What happened to an app or pod, newest first: how it was changed, and everything else. */
import { useCallback } from 'react';
import { useQuery } from '@tanstack/react-query';
import type { OrchestratorEvent } from '@stadion/contract/orchestrator';
import type { DeploymentRecord } from '@stadion/contract/orchestrator-extensions';
import { appIdsOf } from '../core/event-effects.ts';
import { recordsQuery } from '../data/queries.ts';
import { EventPanel } from './event-panel.tsx';
import { Panel } from './panel.tsx';
import { RecordList } from './record-list.tsx';

const NO_RECORDS: readonly DeploymentRecord[] = [];

export function AppHistory({ id }: { readonly id: string }) {
  const isOwn = useCallback((event: OrchestratorEvent) => appIdsOf(event).includes(id), [id]);
  const { data: records = NO_RECORDS } = useQuery(recordsQuery(id));
  return (
    <>
      {records.length > 0 && (
        <Panel title="Deployments" aside="newest first" isFlush>
          <RecordList records={records} />
        </Panel>
      )}
      <EventPanel title="Events" matches={isOwn} hidesApp />
    </>
  );
}
