/** One line of a log, as text: whatever it contains, it is neither markup nor steers anything. */
import { logPieces } from '../core/ansi.ts';
import styles from './log-line.module.css';

/** A line with its colours; what was searched for is marked. */
export function LogLine({ line, words }: { readonly line: string; readonly words: string }) {
  return (
    <bdi className={styles['text']}>
      {logPieces(line).map(({ text, color, isBold, isFaint }, index) => (
        <span key={index} data-color={color} data-bold={isBold} data-faint={isFaint}>
          {words === '' ? text : <Marked text={text} words={words} />}
        </span>
      ))}
    </bdi>
  );
}

function Marked({ text, words }: { readonly text: string; readonly words: string }) {
  const parts: { readonly text: string; readonly isFound: boolean }[] = [];
  const low = text.toLowerCase();
  let from = 0;
  for (let at = low.indexOf(words.toLowerCase()); at >= 0; at = low.indexOf(words.toLowerCase(), from)) {
    parts.push(
      { text: text.slice(from, at), isFound: false },
      { text: text.slice(at, at + words.length), isFound: true },
    );
    from = at + words.length;
  }
  parts.push({ text: text.slice(from), isFound: false });
  return parts.map((part, index) => (part.isFound ? <mark key={index}>{part.text}</mark> : part.text));
}
