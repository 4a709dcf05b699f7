/** Why instances of an app wait: the reasons with the agents that gave them, and each agent as it was last examined. */
import type { QueueItem } from '@stadion/contract/orchestrator';
import { counted } from '../../core/amounts.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';
import styles from './why-drawer.module.css';

const AGENTS_SHOWN = 50;

export function WhyDrawer({ waiting, onClose }: { readonly waiting: QueueItem; readonly onClose: () => void }) {
  const { why, delay, lastUnusedOffers = [], processedOffersSummary: summary } = waiting;
  return (
    <Dialog title="Why it waits" description={why?.summary ?? ''} form="drawer" onClose={onClose}>
      <div className={styles['why']}>
        <p>
          {counted(waiting.count, 'instance')} waiting since <TimeAgo at={waiting.since} />.
          {!delay.overdue && ` The next attempt is in ${String(delay.timeLeftSeconds)} s, after failures.`}
        </p>
        <section aria-label="Reasons">
          <h3>Reasons</h3>
          <ul className={styles['reasons']}>
            {(why?.reasons ?? []).map(({ reason, agents, examples, message }) => (
              <li key={reason}>
                <strong>{message}</strong>
                <span>
                  {counted(agents, 'node')}: <bdi>{examples.join(', ')}</bdi>
                </span>
              </li>
            ))}
            {(why?.reasons ?? []).length === 0 && <li>No node has been examined yet.</li>}
          </ul>
        </section>
        {lastUnusedOffers.length > 0 && (
          <section aria-label="Nodes examined">
            <h3>Nodes examined</h3>
            <ul className={styles['agents']}>
              {lastUnusedOffers.slice(0, AGENTS_SHOWN).map(({ offer, reason, timestamp }) => (
                <li key={offer.agentId}>
                  <bdi>{offer.hostname}</bdi>
                  <span>{reason.map(inWords).join(', ')}</span>
                  <TimeAgo at={timestamp} />
                </li>
              ))}
            </ul>
          </section>
        )}
        <p className={styles['faint']}>
          {counted(summary.processedOffersCount, 'offer')} examined so far, {String(summary.unusedOffersCount)} not
          used.
        </p>
      </div>
    </Dialog>
  );
}

/** `InsufficientCpus` as `insufficient cpus`. */
function inWords(reason: string): string {
  return reason.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
}
