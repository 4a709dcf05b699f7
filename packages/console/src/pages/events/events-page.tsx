/** Everything that happens, as it happens: filtered, held still, each with an address of its own. */
import { useMemo, useState } from 'react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Activity, Pause, Play } from 'lucide-react';
import { counted } from '../../core/amounts.ts';
import { EVENT_TYPES, eventMatches } from '../../core/event-filter.ts';
import { moment } from '../../core/moments.ts';
import type { LoggedEvent } from '../../data/event-log.ts';
import { useEvents } from '../../data/use-live.ts';
import { Page } from '../../frame/page.tsx';
import { Button } from '../../parts/button.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { FilterMenu } from '../../parts/filter-menu.tsx';
import { Panel } from '../../parts/panel.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { EventRows } from './event-rows.tsx';
import styles from './events-page.module.css';

export function EventsPage() {
  const search = useSearch({ from: '/events' });
  const navigate = useNavigate({ from: '/events' });
  const events = useEvents();
  const [held, setHeld] = useState<readonly LoggedEvent[]>();
  const source = held ?? events;
  const shown = useMemo(() => source.filter(({ event }) => eventMatches(event, search)).reverse(), [source, search]);
  const missed = held === undefined ? 0 : (events.at(-1)?.number ?? 0) - (held.at(-1)?.number ?? 0);
  return (
    <Page
      title="Events"
      subtitle={
        shown.length === 0
          ? 'Live'
          : `${counted(shown.length, 'event')} since ${moment(Date.parse(shown.at(-1)?.event.timestamp ?? ''))}`
      }
      actions={
        <Button
          icon={held === undefined ? <Pause size={15} aria-hidden /> : <Play size={15} aria-hidden />}
          onClick={() => {
            setHeld(held === undefined ? events : undefined);
          }}
        >
          {held === undefined ? 'Hold' : `Go on${missed > 0 ? ` (${counted(missed, 'new event')})` : ''}`}
        </Button>
      }
    >
      <div className={styles['filters']}>
        <SearchField
          label="Search events"
          value={search.q ?? ''}
          onChange={(q) =>
            void navigate({ search: (previous) => ({ ...previous, q: q === '' ? undefined : q }), replace: true })
          }
        />
        <FilterMenu
          label="Kind"
          options={EVENT_TYPES.map((id) => ({ id, label: id.replace(/_event$/, '').replaceAll('_', ' ') }))}
          chosen={search.type ?? []}
          onChange={(type) =>
            void navigate({
              search: (previous) => ({ ...previous, type: type.length === 0 ? undefined : type }),
              replace: true,
            })
          }
        />
      </div>
      <Panel isFlush>
        {shown.length === 0 ? (
          <EmptyState icon={Activity} title={source.length === 0 ? 'Nothing has happened yet' : 'No event matches'}>
            What happens from now on appears here at once.
          </EmptyState>
        ) : (
          <EventRows events={shown} chosen={search.at} />
        )}
      </Panel>
    </Page>
  );
}
