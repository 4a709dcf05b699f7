/** How even the load of nodes is, what would move, and moving it. */
import { Scale, Square } from 'lucide-react';
import { useQuery } from '@tanstack/react-query';
import { ActionButton } from '../../actions/action-button.tsx';
import { counted } from '../../core/amounts.ts';
import { MOVES_PER_MINUTE, progressOf } from '../../core/rebalance-actions.ts';
import { rebalancePlanQuery } from '../../data/cluster-queries.ts';
import { Panel } from '../../parts/panel.tsx';
import styles from './about-tab.module.css';

export function Rebalance() {
  const { data: plan, error } = useQuery(rebalancePlanQuery);
  const run = plan?.run;
  const moves = plan?.moves.length ?? 0;
  const isRunning = run?.state === 'running';
  return (
    <Panel
      title="Evenness"
      aside={
        isRunning ? (
          <ActionButton icon={<Square size={15} aria-hidden />} action={{ kind: 'stop-rebalance' }}>
            Stop
          </ActionButton>
        ) : (
          moves > 0 &&
          run?.state !== 'stopping' && (
            <ActionButton
              icon={<Scale size={15} aria-hidden />}
              action={{ kind: 'rebalance', moves, movesPerMinute: MOVES_PER_MINUTE }}
            >
              Even out
            </ActionButton>
          )
        )
      }
    >
      <p className={styles['quiet']}>
        {error?.message ??
          (moves === 0
            ? 'No move would make the fullest nodes noticeably less full.'
            : `${counted(moves, 'move')} would make the fullest nodes less full.`)}
      </p>
      {run !== undefined && <p role="status">{progressOf(run)}.</p>}
    </Panel>
  );
}
