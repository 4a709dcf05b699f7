/** Events as rows that open to everything they say. */
import { useState } from 'react';
import { Link } from '@tanstack/react-router';
import { ChevronRight, Link2 } from 'lucide-react';
import { eventKey } from '../../core/event-filter.ts';
import { wordsOf } from '../../core/event-words.ts';
import { clockTime, moment } from '../../core/moments.ts';
import type { LoggedEvent } from '../../data/event-log.ts';
import { AppLink } from '../../parts/app-link.tsx';
import { Button } from '../../parts/button.tsx';
import styles from './events-page.module.css';

const FIRST_SHOWN = 200;

export function EventRows({
  events,
  chosen,
}: {
  readonly events: readonly LoggedEvent[];
  readonly chosen: string | undefined;
}) {
  const [shown, setShown] = useState(FIRST_SHOWN);
  return (
    <>
      <ol>
        {events.slice(0, shown).map((logged) => (
          <EventRow key={logged.number} logged={logged} isChosen={eventKey(logged.event) === chosen} />
        ))}
      </ol>
      {events.length > shown && (
        <div className={styles['more']}>
          <Button
            onClick={() => {
              setShown(shown + FIRST_SHOWN);
            }}
          >
            Show more
          </Button>
        </div>
      )}
    </>
  );
}

function EventRow({ logged, isChosen }: { readonly logged: LoggedEvent; readonly isChosen: boolean }) {
  const [isOpen, setIsOpen] = useState(isChosen);
  const { event } = logged;
  const { tone, title, detail, appId, taskId } = wordsOf(event);
  const at = Date.parse(event.timestamp);
  return (
    <li className={styles['row']} data-chosen={isChosen || undefined}>
      <div className={styles['line']}>
        <button
          type="button"
          className={styles['opener']}
          aria-expanded={isOpen}
          aria-label={`${title} at ${clockTime(at)}`}
          onClick={() => {
            setIsOpen(!isOpen);
          }}
        >
          <ChevronRight size={14} aria-hidden />
        </button>
        <time dateTime={event.timestamp} title={moment(at)}>
          {clockTime(at)}
        </time>
        <span className={styles['title']} data-tone={tone}>
          {title}
        </span>
        <span className={styles['detail']}>
          {appId !== undefined && <AppLink id={appId} />}
          {taskId !== undefined && (
            <Link to="/instance/$taskId" params={{ taskId }}>
              instance
            </Link>
          )}
          {detail !== appId && <bdi>{detail}</bdi>}
        </span>
        <Link
          to="/events"
          search={(previous) => ({ ...previous, at: eventKey(event) })}
          className={styles['link']}
          aria-label={`Address of: ${title} at ${clockTime(at)}`}
        >
          <Link2 size={14} aria-hidden />
        </Link>
      </div>
      {isOpen && <pre className={styles['whole']}>{JSON.stringify(event, undefined, 2)}</pre>}
    </li>
  );
}
