/** Why instances of an app wait: the reasons with the agents that gave them, and each agent as it was last examined. */
import { useNavigate } from '@tanstack/react-router';
import { Pencil } from 'lucide-react';
import type { QueueItem } from '@stadion/contract/orchestrator';
import type { NearestFit } from '@stadion/contract/orchestrator-extensions';
import { counted } from '../../core/amounts.ts';
import { amountsInWords, amountsThatFit, lackInWords } from '../../core/nearest-fit.ts';
import { useDenied } from '../../actions/use-denied.ts';
import { Button } from '../../parts/button.tsx';
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
        {why?.nearest !== undefined && <Nearest waiting={waiting} nearest={why.nearest} />}
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

/** Where it comes nearest to fitting, and the change with which it would: for a person to look at, and to deploy or not. */
function Nearest({ waiting, nearest }: { readonly waiting: QueueItem; readonly nearest: NearestFit }) {
  const { app } = waiting;
  const navigate = useNavigate();
  const denied = useDenied()({ kind: 'restart', appId: app.id, instances: app.instances });
  const amounts = amountsThatFit(app, nearest);
  return (
    <section aria-label="Nearest fit" className={styles['nearest']}>
      <h3>Nearest fit</h3>
      <p>
        <bdi>{nearest.hostname}</bdi> lacks {lackInWords(nearest)}.
        {amounts !== undefined && ` With ${amountsInWords(amounts)} an instance would fit there.`}
      </p>
      {amounts !== undefined && (
        <Button
          icon={<Pencil size={15} aria-hidden />}
          denied={denied}
          onClick={() => void navigate({ to: '/edit/$', params: { _splat: app.id.slice(1) }, search: amounts })}
        >
          Look at this change
        </Button>
      )}
    </section>
  );
}

/** `InsufficientCpus` as `insufficient cpus`. */
function inWords(reason: string): string {
  return reason.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
}
