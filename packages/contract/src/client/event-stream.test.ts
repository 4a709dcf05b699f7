import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventStreamParser, readEventStream } from './event-stream.ts';
import { limits } from './limits.ts';

describe('an event stream', () => {
  it('gives the same events however it is cut and whatever ends its lines', () => {
    const word = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n]/g, ' '));
    fc.assert(
      fc.property(
        fc.array(fc.record({ event: word, data: fc.array(word, { minLength: 1, maxLength: 3 }) })),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.array(fc.nat(20)),
        (events, end, cuts) => {
          const text = events
            .map(({ event, data }) =>
              [`event: ${event}`, ': ping', ...data.map((line) => `data: ${line}`), '', ''].join(end),
            )
            .join('');
          const parser = new EventStreamParser();
          const seen = [];
          let rest = text;
          for (const cut of cuts) {
            seen.push(...parser.push(rest.slice(0, cut)));
            rest = rest.slice(cut);
          }
          // One line more, so that a CR at the very end is known to be a whole line end.
          seen.push(...parser.push(`${rest}:${end}`), ...parser.push('\n'));
          const expected = events.map(({ event, data }) => ({
            event: event === '' ? 'message' : event,
            data: data.join('\n'),
          }));
          expect(seen).toEqual(expected);
        },
      ),
    );
  });

  it('passes over keep-alives, comments and events without data', () => {
    const parser = new EventStreamParser();
    expect(parser.push('\r\n\r\n: hello\nid: 7\nretry: 5\nevent: x\n\ndata:{}\n\n')).toEqual([
      { event: 'message', data: '{}' },
    ]);
  });

  it('refuses an event without end', () => {
    const parser = new EventStreamParser();
    const piece = 'x'.repeat(limits.eventCharacters / 4);
    for (let count = 0; count < 4; count += 1) parser.push(piece.slice(1));
    expect(() => parser.push(piece)).toThrow(/larger than/);
  });

  it('lets go of the body when the reader leaves early', async () => {
    let isCancelled = false;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode('data: 1\n\ndata: 2\n\n')),
      cancel: () => {
        isCancelled = true;
      },
    });
    for await (const event of readEventStream(body)) {
      expect(event.data).toBe('1');
      break;
    }
    expect(isCancelled).toBe(true);
  });
});
