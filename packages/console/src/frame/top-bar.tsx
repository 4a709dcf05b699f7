/** The bar above every page: where one is, the search for anything, the same view elsewhere, and a new app. */
import { Link, useLocation } from '@tanstack/react-router';
import { Plus, Search, SquareTerminal } from 'lucide-react';
import { Popover } from 'radix-ui';
import { breadcrumbs } from '../core/breadcrumbs.ts';
import { viewEquivalent } from '../core/view-equivalents.ts';
import { IconButton, buttonClass } from '../parts/button.tsx';
import { Equivalents } from '../parts/equivalents.tsx';
import { ClusterSign } from './cluster-sign.tsx';
import { HelpMenu } from './help-menu.tsx';
import { openOverlay } from './open-overlay.ts';
import styles from './top-bar.module.css';

export function TopBar() {
  return (
    <header className={styles['bar']}>
      <span className={styles['cluster']}>
        <ClusterSign isShort />
      </span>
      <Breadcrumbs />
      <button
        type="button"
        className={styles['search']}
        onClick={() => {
          openOverlay('palette');
        }}
      >
        <Search size={15} aria-hidden />
        <span>Find anything</span>
        <kbd>Ctrl K</kbd>
      </button>
      <ViewElsewhere />
      <HelpMenu />
      <Link to="/new" className={`${buttonClass('primary')} ${styles['new'] ?? ''}`}>
        <Plus size={15} aria-hidden />
        <span>New app</span>
      </Link>
    </header>
  );
}

function ViewElsewhere() {
  const { pathname } = useLocation();
  const equivalent = viewEquivalent(pathname);
  if (equivalent === undefined) return null;
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <IconButton label="This view on the command line and by the API">
          <SquareTerminal size={16} />
        </IconButton>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className={styles['elsewhere']}
          align="end"
          sideOffset={4}
          collisionPadding={8}
          aria-label="This view elsewhere"
        >
          <Equivalents request={equivalent.request} command={equivalent.command} isOpen />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
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
