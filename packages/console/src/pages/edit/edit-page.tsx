/** Changes an app that exists. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { api } from '../../data/api.ts';
import { appQuery, versionQuery } from '../../data/queries.ts';
import { Page } from '../../frame/page.tsx';
import { APP } from './described-kinds.tsx';
import { Editing } from './editing.tsx';

export function EditPage() {
  const { _splat: path = '' } = useParams({ from: '/edit/$' });
  const suggested = useSearch({ from: '/edit/$' });
  const navigate = useNavigate();
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
  return (
    <Editing
      key={id}
      kind={APP}
      current={current}
      suggested={suggested}
      request={(draft) => ({ method: 'PUT', path: `/v2/apps${id}`, body: draft })}
      command={`stadion app update ${id} change.json`}
      save={async (draft, how) => {
        await api.putApp({ params: { id }, query: how, body: draft });
        await navigate({ to: '/app/$', params: { _splat: path } });
      }}
    />
  );
}
