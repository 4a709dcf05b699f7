/** Says what stands in the way of a change, and what passing it means. */
import { Link } from '@tanstack/react-router';
import type { Obstacle } from '../data/obstacles.ts';
import styles from './obstacle-notice.module.css';

export function ObstacleNotice({ obstacle }: { readonly obstacle: Obstacle }) {
  return (
    <div className={styles['obstacle']} role="alert">
      {obstacle.kind === 'policy' ? (
        <>
          <strong>Changes are held back here.</strong> <bdi>{sentence(obstacle.message)}</bdi> Overriding leaves that in
          place, and the record of the deployment says who did it.
        </>
      ) : (
        <>
          <strong>A deployment is under way.</strong> It holds this app:{' '}
          {obstacle.ids.map((id) => (
            <Link key={id} to="/deployments" search={{ id }}>
              <code>{id.slice(0, 8)}</code>
            </Link>
          ))}
          . By force it is cancelled where it is, without taking back what it did, and this is done instead.
        </>
      )}
    </div>
  );
}

/** The reason is somebody's own words, with or without a full stop. */
function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
