/** Nothing to show: says why, and what to do about it. */
import type { ReactNode } from 'react';
import type { LucideIcon } from 'lucide-react';
import styles from './empty-state.module.css';

export function EmptyState({
  icon: Icon,
  title,
  children,
  actions,
}: {
  readonly icon: LucideIcon;
  readonly title: string;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}) {
  return (
    <div className={styles['empty']}>
      <span className={styles['icon']}>
        <Icon size={20} aria-hidden />
      </span>
      <h2>{title}</h2>
      {children !== undefined && <p>{children}</p>}
      {actions !== undefined && <div className={styles['actions']}>{actions}</div>}
    </div>
  );
}
