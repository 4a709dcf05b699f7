/** The bar above every page: where one is, and the search for anything. */
import { Link, useLocation } from '@tanstack/react-router';
import { breadcrumbs } from '../core/breadcrumbs.ts';
import styles from './top-bar.module.css';

export function TopBar() {
  return (
    <header className={styles['bar']}>
      <Breadcrumbs />
    </header>
  );
}

function Breadcrumbs() {
  const { pathname, search } = useLocation();
  const group = 'group' in search && typeof search.group === 'string' ? search.group : undefined;
  const crumbs = breadcrumbs(pathname, group);
  return (
    <nav aria-label="Breadcrumbs" className={styles['crumbs']}>
      <ol>
        {crumbs.map(({ label, to, search: query }, index) => (
          <li key={`${to} ${label}`}>
            {index === crumbs.length - 1 ? (
              <span aria-current="page">{label}</span>
            ) : (
              <Link to={to} search={query}>
                {label}
              </Link>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}
