/** Care for a node: no more work, work again, or everything away from it. */
import { CircleOff, CirclePlay, LogOut } from 'lucide-react';
import { useAsk } from '../../actions/use-actions.ts';
import type { NodeRow } from '../../core/node-row.ts';
import { Button } from '../../parts/button.tsx';

export function NodeButtons({ node }: { readonly node: NodeRow }) {
  const ask = useAsk();
  const { id: agentId, hostname, state } = node;
  const hasWork = state === 'active';
  return (
    <>
      {hasWork ? (
        <Button
          icon={<CircleOff size={15} aria-hidden />}
          onClick={() => {
            ask({ kind: 'cordon', agentId, hostname });
          }}
        >
          Cordon
        </Button>
      ) : (
        state !== 'away' && (
          <Button
            icon={<CirclePlay size={15} aria-hidden />}
            onClick={() => {
              ask({ kind: 'uncordon', agentId, hostname });
            }}
          >
            Uncordon
          </Button>
        )
      )}
      {(hasWork || state === 'cordoned') && (
        <Button
          icon={<LogOut size={15} aria-hidden />}
          onClick={() => {
            ask({ kind: 'drain', agentId, hostname });
          }}
        >
          Drain
        </Button>
      )}
    </>
  );
}
