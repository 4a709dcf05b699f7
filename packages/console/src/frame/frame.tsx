/** What stands around every page: navigation, where one is, the search, and whether the connection stands. */
import { Outlet } from '@tanstack/react-router';
import { ActionProvider } from '../actions/action-provider.tsx';
import { RowIconDrawings } from '../parts/row-icon.tsx';
import { ConnectionBanner } from './connection.tsx';
import { NavigationBar, PhoneBar } from './navigation.tsx';
import { Shortcuts } from './shortcuts.tsx';
import { TopBar } from './top-bar.tsx';
import styles from './frame.module.css';

export function Frame() {
  return (
    <ActionProvider>
      <RowIconDrawings />
      <div className={styles['frame']}>
        <a href="#content" className={styles['skip']}>
          Skip to the content
        </a>
        <NavigationBar />
        <div className={styles['column']}>
          <TopBar />
          <ConnectionBanner />
          <main id="content" tabIndex={-1} className={styles['content']}>
            <Outlet />
          </main>
          <PhoneBar />
        </div>
        <Shortcuts />
      </div>
    </ActionProvider>
  );
}
