import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unread, withEarlier, withMore, type LogText } from './log-text.ts';

const texts = ({ lines }: LogText): string[] => lines.map(({ text }) => text);

test('however a log is cut into pieces, and in whichever order these are read, its lines are those of the log', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z é]{0,6}$/), { maxLength: 20 }),
      fc.array(fc.nat(60), { maxLength: 6 }),
      fc.nat(3),
      (written, cuts, begun) => {
        const log = new TextEncoder().encode(written.map((line) => `${line}\n`).join(''));
        // Cut between characters: what a cut inside of one looks like is the agent's matter.
        const places = [0, ...cuts, log.length]
          .filter((place) => place <= log.length && ((log[place] ?? 0) & 0xc0) !== 0x80)
          .sort((left, right) => left - right);
        const at = (index: number): number => places[Math.max(0, Math.min(index, places.length - 1))] ?? 0;
        const read = (from: number, to: number): string => new TextDecoder().decode(log.slice(from, to));
        const start = Math.min(begun, places.length - 1);
        let text = unread(at(start));
        for (let index = start; index < places.length - 1; index += 1) {
          const [from, to] = [at(index), at(index + 1)];
          if (to > from) text = withMore(text, read(from, to), to - from, undefined, 1_000);
        }
        for (let index = start; index > 0; index -= 1) {
          const [from, to] = [at(index - 1), at(index)];
          if (to > from && text.to > text.from) text = withEarlier(text, read(from, to), from);
        }
        // Begun at its end, nothing of it was there to be read.
        fc.pre(text.to > text.from);
        expect(texts(text)).toEqual(written);
        expect(new Set(text.lines.map(({ number }) => number)).size).toBe(written.length);
      },
    ),
  );
});

test('the oldest lines are let go where there are too many, and nothing is read before them any more', () => {
  const text = withMore(unread(0), 'a\nb\nc\n', 6, undefined, 2);
  expect(texts(text)).toEqual(['b', 'c']);
  expect(text.isCut).toBe(true);
});

test('what was there before anybody looked is not said to have appeared', () => {
  const first = withMore(unread(0), 'a\nb', 3, undefined, 10);
  const more = withMore(first, '\nc\n', 3, 5_000, 10);
  expect(more.lines).toEqual([
    { number: 1, text: 'a' },
    { number: 2, text: 'b', seen: 5_000 },
    { number: 3, text: 'c', seen: 5_000 },
  ]);
});
