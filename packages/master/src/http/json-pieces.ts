/** Long answers in pieces: a generator writes JSON bit by bit, and the event loop gets its turn between the bits. */
import { delay, type Clock, type Timers } from '@stadion/base';
import { ANSWER_TURN_MS_MAX } from '../limits.ts';

/** How many pieces are written before the clock is looked at. */
const PIECES_PER_LOOK = 4;

/** A JSON array of what `toJson` makes of each item, one piece per item. */
export function* arrayPieces<Item>(items: Iterable<Item>, toJson: (item: Item) => unknown): Generator<string> {
  yield '[';
  let first = true;
  for (const item of items) {
    yield first ? JSON.stringify(toJson(item)) : `,${JSON.stringify(toJson(item))}`;
    first = false;
  }
  yield ']';
}

/** A JSON object whose fields are values, or generators of pieces. `undefined` values are left out. */
export function* objectPieces(fields: Readonly<Record<string, unknown>>): Generator<string> {
  let separator = '{';
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    yield `${separator}${JSON.stringify(name)}:`;
    separator = ',';
    if (isPieces(value)) yield* value;
    else yield JSON.stringify(value);
  }
  yield separator === '{' ? '{}' : '}';
}

/** A flat JSON object with the members of several, one piece each. */
export function* mergedPieces(parts: Iterable<Readonly<Record<string, unknown>>>): Generator<string> {
  let separator = '{';
  for (const part of parts) {
    const members = JSON.stringify(part).slice(1, -1);
    yield members === '' ? '' : `${separator}${members}`;
    if (members !== '') separator = ',';
  }
  yield separator === '{' ? '{}' : '}';
}

/** A JSON array whose items are generators of pieces. */
export function* arrayOfPieces(items: Iterable<Generator<string>>): Generator<string> {
  let separator = '[';
  for (const item of items) {
    yield separator;
    separator = ',';
    yield* item;
  }
  yield separator === '[' ? '[]' : ']';
}

/** Gathers pieces into chunks worth sending, pausing between two turns of the event loop. Empty pieces are chances to pause. */
export async function* chunks(pieces: Iterable<string>, time: Clock & Timers): AsyncGenerator<string> {
  let buffer = '';
  let count = 0;
  let end = time.monotonic() + ANSWER_TURN_MS_MAX;
  for (const piece of pieces) {
    buffer += piece;
    count += 1;
    if (count % PIECES_PER_LOOK !== 0 || time.monotonic() < end) continue;
    if (buffer !== '') yield buffer;
    buffer = '';
    await delay(time, 0);
    end = time.monotonic() + ANSWER_TURN_MS_MAX;
  }
  yield buffer;
}

/** Does a long piece of work, pausing between two turns of the event loop. */
export async function inTurns<Result>(work: Generator<undefined, Result>, time: Clock & Timers): Promise<Result> {
  let end = time.monotonic() + ANSWER_TURN_MS_MAX;
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (time.monotonic() < end) continue;
    await delay(time, 0);
    end = time.monotonic() + ANSWER_TURN_MS_MAX;
  }
}

function isPieces(value: unknown): value is Generator<string> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value && 'next' in value;
}
