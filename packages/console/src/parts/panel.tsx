/** A sheet of the page: a surface with a heading, and what stands beside the heading. */
import type { ReactNode } from 'react';
import styles from './panel.module.css';

/** A titled surface. Without a title it is only the surface. */
export function Panel({
  title,
  aside,
  children,
  isFlush = false,
}: {
  readonly title?: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
  /** Content reaches the edges: tables and lists. */
  readonly isFlush?: boolean;
}) {
  return (
    <section className={styles['panel']} aria-label={title}>
      {title !== undefined && (
        <header className={styles['header']}>
          <h2>{title}</h2>
          {aside !== undefined && <div className={styles['aside']}>{aside}</div>}
        </header>
      )}
      <div className={isFlush ? styles['flush'] : styles['body']}>{children}</div>
    </section>
  );
}

/** Names and values, in columns. */
export function Facts({ facts }: { readonly facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={styles['facts']}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
