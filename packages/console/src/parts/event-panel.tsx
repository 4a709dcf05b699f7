/** Some of all events as a timeline, newest first. */
import { useMemo } from 'react';
import { History } from 'lucide-react';
import type { OrchestratorEvent } from '@stadion/contract/orchestrator';
import { useEvents } from '../data/use-live.ts';
import { EmptyState } from './empty-state.tsx';
import { EventList } from './event-list.tsx';
import { Panel } from './panel.tsx';

const SHOWN = 200;

/** @param matches the same function as long as it chooses the same */
export function EventPanel({
  title,
  matches,
  hidesApp = false,
}: {
  readonly title: string;
  readonly matches: (event: OrchestratorEvent) => boolean;
  readonly hidesApp?: boolean;
}) {
  const events = useEvents();
  const own = useMemo(
    () =>
      events
        .filter(({ event }) => matches(event))
        .slice(-SHOWN)
        .reverse(),
    [events, matches],
  );
  return (
    <Panel title={title}>
      {own.length === 0 ? (
        <EmptyState icon={History} title="Nothing has happened lately">
          What happens appears here at once.
        </EmptyState>
      ) : (
        <EventList events={own} hidesApp={hidesApp} />
      )}
    </Panel>
  );
}
