/** The inside of a page: its title, what can be done, and its content. */
import { useEffect, type ReactNode } from 'react';
import styles from './page.module.css';

export function Page({
  title,
  heading,
  subtitle,
  actions,
  children,
}: {
  /** For the window's title and, without `heading`, the page's. */
  readonly title: string;
  readonly heading?: ReactNode;
  readonly subtitle?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · Stadion`;
  }, [title]);
  return (
    <div className={styles['page']}>
      <header className={styles['header']}>
        <div className={styles['title']}>
          <h1>{heading ?? title}</h1>
          {subtitle !== undefined && <div className={styles['subtitle']}>{subtitle}</div>}
        </div>
        {actions !== undefined && <div className={styles['actions']}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** Panels beside each other, below each other where it is narrow. */
export function Columns({ children }: { readonly children: ReactNode }) {
  return <div className={styles['columns']}>{children}</div>;
}
