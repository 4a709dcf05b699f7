/** Events as a timeline, newest first. */
import { wordsOf } from '../core/event-words.ts';
import { clockTime, moment } from '../core/moments.ts';
import type { LoggedEvent } from '../data/event-log.ts';
import { AppLink } from './app-link.tsx';
import styles from './event-list.module.css';

/** @param hidesApp on the page of one app, where its name says nothing */
export function EventList({
  events,
  hidesApp = false,
}: {
  readonly events: readonly LoggedEvent[];
  readonly hidesApp?: boolean;
}) {
  return (
    <ol className={styles['list']}>
      {events.map((logged) => (
        <EventLine key={logged.number} logged={logged} hidesApp={hidesApp} />
      ))}
    </ol>
  );
}

function EventLine({ logged, hidesApp }: { readonly logged: LoggedEvent; readonly hidesApp: boolean }) {
  const { event } = logged;
  const { tone, title, detail, appId } = wordsOf(event);
  const at = Date.parse(event.timestamp);
  return (
    <li className={styles['line']} data-tone={tone}>
      <time dateTime={event.timestamp} title={moment(at)}>
        {clockTime(at)}
      </time>
      <span className={styles['what']}>
        <span className={styles['title']}>{title}</span>
        {appId !== undefined && !hidesApp && <AppLink id={appId} />}
        {detail !== '' && detail !== appId && <span className={styles['detail']}>{detail}</span>}
      </span>
    </li>
  );
}
