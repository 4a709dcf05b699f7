/** What happened to an app, newest first. */
import { useMemo } from 'react';
import { History } from 'lucide-react';
import { appIdsOf } from '../../core/event-effects.ts';
import { useEvents } from '../../data/use-live.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { EventList } from '../../parts/event-list.tsx';
import { Panel } from '../../parts/panel.tsx';

const SHOWN = 200;

export function AppEvents({ id }: { readonly id: string }) {
  const events = useEvents();
  const own = useMemo(
    () =>
      events
        .filter(({ event }) => appIdsOf(event).includes(id))
        .slice(-SHOWN)
        .reverse(),
    [events, id],
  );
  return (
    <Panel>
      {own.length === 0 ? (
        <EmptyState icon={History} title="Nothing has happened lately">
          What happens to this app appears here at once.
        </EmptyState>
      ) : (
        <EventList events={own} hidesApp />
      )}
    </Panel>
  );
}
