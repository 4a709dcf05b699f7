/** The versions of a pod, any one of them as JSON, and the difference between any two. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { PodStatus } from '@stadion/contract/orchestrator-pods';
import { Undo2 } from 'lucide-react';
import { ActionButton } from '../../actions/action-button.tsx';
import { podVersionQuery, podVersionsQuery } from '../../data/queries.ts';
import { JsonDiff } from '../../parts/json-diff.tsx';
import { LazyJsonEditor } from '../../parts/lazy-json-editor.tsx';
import { Panel } from '../../parts/panel.tsx';
import { VersionChoice } from '../../parts/version-choice.tsx';

export function PodConfiguration({ pod }: { readonly pod: PodStatus }) {
  const { id, spec } = pod;
  const { from, to = spec.version } = useSearch({ from: '/pod/$' });
  const navigate = useNavigate({ from: '/pod/$' });
  const { data: versions = [spec.version] } = useQuery(podVersionsQuery(id));
  const { data: shown } = useQuery(podVersionQuery(id, to));
  const { data: compared } = useQuery({ ...podVersionQuery(id, from ?? ''), enabled: from !== undefined });
  return (
    <>
      <VersionChoice
        versions={versions}
        current={spec.version}
        to={to}
        from={from}
        clone={{ clone: id, kind: 'pod' }}
        onChoose={(change) => void navigate({ search: (previous) => ({ ...previous, ...change }), replace: true })}
        rollBack={
          <ActionButton
            icon={<Undo2 size={15} aria-hidden />}
            action={{ kind: 'roll-back-pod', podId: id, version: to }}
          >
            Roll back to this
          </ActionButton>
        }
      />
      {from !== undefined && compared !== undefined && shown !== undefined && (
        <Panel title="What changed" isFlush>
          <JsonDiff before={compared} after={shown} />
        </Panel>
      )}
      {shown !== undefined && (
        <Panel title="As JSON" isFlush>
          <LazyJsonEditor label="Configuration as JSON" text={JSON.stringify(shown, undefined, 2)} />
        </Panel>
      )}
    </>
  );
}
