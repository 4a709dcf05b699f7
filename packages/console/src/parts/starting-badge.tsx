/** The state of a task that starts, with how far that is. */
import { useEvents } from '../data/use-live.ts';
import { startingNote } from '../core/starting-note.ts';
import type { EventTone } from '../core/event-words.ts';
import { Badge } from './badge.tsx';

export function StartingBadge({
  taskId,
  tone,
  word,
}: {
  readonly taskId: string;
  readonly tone: EventTone;
  readonly word: string;
}) {
  const note = startingNote(useEvents(), taskId);
  return (
    <span title={note?.sentence}>
      <Badge tone={tone} isBare>
        {note?.short ?? word}
      </Badge>
    </span>
  );
}

/** The whole sentence, where there is one. */
export function StartingSentence({ taskId }: { readonly taskId: string }) {
  const note = startingNote(useEvents(), taskId);
  return note === undefined ? null : <p role="status">{note.sentence}</p>;
}
