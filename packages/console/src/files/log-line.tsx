/** One line of a log, as text: whatever it contains, it is neither markup nor steers anything. */
import type { ReactNode } from 'react';
import { logPieces, type LogPiece } from '../core/ansi.ts';
import type { LineMatcher, Range } from '../core/log-match.ts';
import styles from './log-line.module.css';

/** A line with its colours; what was searched for is marked. */
export function LogLine({ line, matcher }: { readonly line: string; readonly matcher: LineMatcher | undefined }) {
  const pieces = logPieces(line);
  const ranges = matcher?.ranges(pieces.map(({ text }) => text).join('')) ?? [];
  const starts = startsOf(pieces);
  return (
    <bdi className={styles['text']}>
      {pieces.map(({ text, color, isBold, isFaint }, index) => {
        return (
          <span key={index} data-color={color} data-bold={isBold} data-faint={isFaint}>
            {ranges.length === 0 ? text : marked(text, starts[index] ?? 0, ranges)}
          </span>
        );
      })}
    </bdi>
  );
}

/** Where each piece begins in the line. */
function startsOf(pieces: readonly LogPiece[]): readonly number[] {
  let next = 0;
  return pieces.map(({ text }) => {
    const start = next;
    next += text.length;
    return start;
  });
}

/** @param at where the text begins in its line @param ranges of the line, in their order */
function marked(text: string, at: number, ranges: readonly Range[]): readonly ReactNode[] {
  const parts: ReactNode[] = [];
  let done = 0;
  for (const [from, to] of ranges) {
    const begin = Math.max(done, from - at);
    const end = Math.min(text.length, to - at);
    if (end <= begin) continue;
    parts.push(text.slice(done, begin), <mark key={begin}>{text.slice(begin, end)}</mark>);
    done = end;
  }
  return [...parts, text.slice(done)];
}
