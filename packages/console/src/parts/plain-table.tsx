/** A short table: all of its rows are there, and where it is wider than its place it scrolls sideways. */
import type { ReactNode } from 'react';
import styles from './plain-table.module.css';

/**
 * @param titles of the columns; one that only tells what it is for to those who listen is given as `hidden`
 * @param texts how many of the first columns are texts: the others are numbers, which stand at the end of their cell
 */
export function PlainTable({
  label,
  titles,
  hidden,
  texts = titles.length,
  children,
}: {
  readonly label: string;
  readonly titles: readonly string[];
  readonly hidden?: string;
  readonly texts?: number;
  readonly children: ReactNode;
}) {
  return (
    <div className={styles['scroll']} tabIndex={0} role="region" aria-label={label}>
      <table className={styles['table']} data-texts={texts < titles.length ? texts : undefined}>
        <thead>
          <tr>
            {titles.map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
            {hidden !== undefined && (
              <th scope="col">
                <span className="visually-hidden">{hidden}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
