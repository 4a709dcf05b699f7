/** What restricts a list, in a row above it. */
import type { ReactNode } from 'react';
import styles from './filter-row.module.css';

export function FilterRow({ children, note }: { readonly children: ReactNode; readonly note?: string }) {
  return (
    <div className={styles['row']}>
      {children}
      {note !== undefined && <span className={styles['note']}>{note}</span>}
    </div>
  );
}
