/** What happened to an app or pod, newest first: how it was changed, and everything else. */
import { useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { History } from 'lucide-react';
import type { DeploymentRecord } from '@stadion/contract/orchestrator-extensions';
import { appIdsOf } from '../core/event-effects.ts';
import { recordsQuery } from '../data/queries.ts';
import { useEvents } from '../data/use-live.ts';
import { EmptyState } from './empty-state.tsx';
import { EventList } from './event-list.tsx';
import { Panel } from './panel.tsx';
import { RecordList } from './record-list.tsx';

const SHOWN = 200;
const NO_RECORDS: readonly DeploymentRecord[] = [];

export function AppHistory({ id }: { readonly id: string }) {
  const events = useEvents();
  const own = useMemo(
    () =>
      events
        .filter(({ event }) => appIdsOf(event).includes(id))
        .slice(-SHOWN)
        .reverse(),
    [events, id],
  );
  const { data: records = NO_RECORDS } = useQuery(recordsQuery(id));
  return (
    <>
      {records.length > 0 && (
        <Panel title="Deployments" aside="newest first" isFlush>
          <RecordList records={records} />
        </Panel>
      )}
      <Panel title="Events">
        {own.length === 0 ? (
          <EmptyState icon={History} title="Nothing has happened lately">
            What happens to it appears here at once.
          </EmptyState>
        ) : (
          <EventList events={own} hidesApp />
        )}
      </Panel>
    </>
  );
}
