/** Tabs whose choice lives in the URL: each tab is a link. */
import { Link } from '@tanstack/react-router';
import styles from './tabs.module.css';

/** The row of tabs. The chosen one is the search parameter `tab`; the first is chosen without it. */
export function Tabs({
  tabs,
  chosen,
  label,
}: {
  readonly tabs: readonly { readonly id: string; readonly label: string; readonly count?: number }[];
  readonly chosen: string;
  readonly label: string;
}) {
  return (
    <nav className={styles['tabs']} aria-label={label}>
      {tabs.map(({ id, label: text, count }, index) => (
        <Link
          key={id}
          to="."
          search={(previous: object) => ({ ...previous, tab: index === 0 ? undefined : id })}
          className={styles['tab']}
          data-chosen={id === chosen ? true : undefined}
          activeOptions={{ exact: true, includeSearch: true, explicitUndefined: true }}
        >
          {text}
          {count !== undefined && <span className={styles['count']}>{count}</span>}
        </Link>
      ))}
    </nav>
  );
}
