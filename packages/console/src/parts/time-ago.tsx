/** A moment as a distance from now; pointed at, in full. */
import { ago, moment } from '../core/moments.ts';
import { useNow } from '../data/use-live.ts';

/** @param at a timestamp text of the API, or milliseconds since the epoch */
export function TimeAgo({ at }: { readonly at: string | number }) {
  const now = useNow();
  const milliseconds = typeof at === 'number' ? at : Date.parse(at);
  return (
    <time dateTime={new Date(milliseconds).toISOString()} title={moment(milliseconds)}>
      {ago(milliseconds, now)}
    </time>
  );
}
