/** What can be done with nodes: buttons on the page of one, and a bar for several that were chosen. */
import { CircleOff, CirclePlay, LogOut, Trash2, Unplug } from 'lucide-react';
import { counted } from '../core/amounts.ts';
import { DRAIN_MINUTES } from '../core/node-actions.ts';
import type { NodeRow } from '../core/node-row.ts';
import { ChoiceBar } from '../parts/choice-bar.tsx';
import { ActionButton } from './action-button.tsx';

/** @param nodes at least one @param othersActive nodes beside these that have work */
export function NodeCare({
  nodes,
  othersActive,
}: {
  readonly nodes: readonly NodeRow[];
  readonly othersActive?: number;
}) {
  const named = (wanted: readonly NodeRow[]) => wanted.map(({ id: agentId, hostname }) => ({ agentId, hostname }));
  const working = nodes.filter(({ state }) => state === 'active');
  const drainable = nodes.filter(({ state }) => state === 'active' || state === 'cordoned');
  const resting = nodes.filter(({ state }) => state !== 'active' && state !== 'away');
  const there = nodes.filter(({ state }) => state !== 'away');
  const away = nodes.filter(({ state }) => state === 'away');
  return (
    <>
      {working.length > 0 && (
        <ActionButton icon={<CircleOff size={15} aria-hidden />} action={{ kind: 'cordon', nodes: named(working) }}>
          Cordon
        </ActionButton>
      )}
      {resting.length > 0 && (
        <ActionButton icon={<CirclePlay size={15} aria-hidden />} action={{ kind: 'uncordon', nodes: named(resting) }}>
          Uncordon
        </ActionButton>
      )}
      {drainable.length > 0 && (
        <ActionButton
          icon={<LogOut size={15} aria-hidden />}
          action={{
            kind: 'drain',
            nodes: named(drainable),
            minutes: DRAIN_MINUTES,
            ...(othersActive === undefined ? {} : { othersActive }),
          }}
        >
          Drain
        </ActionButton>
      )}
      {there.length > 0 && (
        <ActionButton
          icon={<Trash2 size={15} aria-hidden />}
          action={{
            kind: 'decommission',
            nodes: named(there),
            minutes: DRAIN_MINUTES,
            ...(othersActive === undefined ? {} : { othersActive }),
          }}
        >
          Decommission
        </ActionButton>
      )}
      {away.length > 0 && (
        <ActionButton icon={<Unplug size={15} aria-hidden />} action={{ kind: 'mark-gone', nodes: named(away) }}>
          Mark gone
        </ActionButton>
      )}
    </>
  );
}

/** What can be done with all chosen nodes; nothing while none is chosen. */
export function ChosenNodes({
  nodes,
  chosen,
  onChoose,
}: {
  readonly nodes: readonly NodeRow[];
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: (chosen: ReadonlySet<string>) => void;
}) {
  const wanted = nodes.filter(({ id }) => chosen.has(id));
  if (wanted.length === 0) return null;
  const others = nodes.filter(({ id, state }) => state === 'active' && !chosen.has(id)).length;
  return (
    <ChoiceBar
      label="With the chosen nodes"
      words={`${counted(wanted.length, 'node')} chosen`}
      onDone={() => {
        onChoose(new Set());
      }}
    >
      <NodeCare nodes={wanted} othersActive={others} />
    </ChoiceBar>
  );
}
