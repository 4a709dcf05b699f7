/** The difference between two configurations, with signs and colours. */
import { useMemo } from 'react';
import { folded, jsonDiff } from '../core/json-diff.ts';
import styles from './json-diff.module.css';

const SIGNS = { same: ' ', added: '+', removed: '−' };
const WORDS = { same: '', added: 'added: ', removed: 'removed: ' };

export function JsonDiff({ before, after }: { readonly before: unknown; readonly after: unknown }) {
  const lines = useMemo(() => folded(jsonDiff(before, after)), [before, after]);
  if (lines.every((line) => typeof line === 'number')) {
    return <p className={styles['same']}>There is no difference.</p>;
  }
  return (
    <div className={styles['diff']} tabIndex={0} role="region" aria-label="Difference">
      {lines.map((line, index) =>
        typeof line === 'number' ? (
          <div key={index} className={styles['fold']}>
            {line} lines without a difference
          </div>
        ) : (
          <div key={index} className={styles['line']} data-kind={line.kind}>
            <span aria-hidden className={styles['sign']}>
              {SIGNS[line.kind]}
            </span>
            <span className="visually-hidden">{WORDS[line.kind]}</span>
            <bdi>{line.text}</bdi>
          </div>
        ),
      )}
    </div>
  );
}
