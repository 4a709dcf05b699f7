/** Changes an app that exists; says so when somebody else changed it meanwhile. */
import { useState } from 'react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { draftText, editable, parseDraft } from '../../core/app-draft.ts';
import { rebased } from '../../core/three-way.ts';
import { api } from '../../data/api.ts';
import { appQuery, versionQuery } from '../../data/queries.ts';
import { Page } from '../../frame/page.tsx';
import { AppEditor } from './app-editor.tsx';
import { ChangedMeanwhile } from './changed-meanwhile.tsx';

export function EditPage() {
  const { _splat: path = '' } = useParams({ from: '/edit/$' });
  const id = `/${path}`;
  const { data: app, error } = useQuery(appQuery(id));
  // While a newer version is read the older one stays: what was written here must not go.
  const { data: current } = useQuery({
    ...versionQuery(id, app?.version ?? ''),
    enabled: app !== undefined,
    placeholderData: keepPreviousData,
  });
  if (error !== null && app === undefined) throw error;
  if (current === undefined) return <Page title={`Edit ${id}`}>{null}</Page>;
  return <Editing key={id} id={id} current={current} />;
}

function Editing({ id, current }: { readonly id: string; readonly current: AppDefinition }) {
  const navigate = useNavigate();
  const [base, setBase] = useState(current);
  const [text, setText] = useState(() => draftText(editable(current)));
  const parsed = parseDraft(text);
  const isOutdated = current.version > base.version;
  return (
    <Page title={`Edit ${id}`}>
      {isOutdated && 'draft' in parsed && (
        <ChangedMeanwhile
          base={editable(base)}
          mine={parsed.draft}
          theirs={editable(current)}
          at={current.version}
          onRebase={() => {
            setText(draftText(rebased(editable(base), parsed.draft, editable(current))));
            setBase(current);
          }}
          onTakeTheirs={() => {
            setText(draftText(editable(current)));
            setBase(current);
          }}
        />
      )}
      <AppEditor
        text={text}
        onText={setText}
        verb="Deploy the change"
        before={editable(base)}
        request={(draft) => ({ method: 'PUT', path: `/v2/apps${id}`, body: draft })}
        command={`stadion app update ${id} change.json`}
        save={async (draft, how) => {
          await api.putApp({ params: { id }, query: how, body: draft });
          await navigate({ to: '/app/$', params: { _splat: id.slice(1) } });
        }}
      />
    </Page>
  );
}
