/** Changes a pod that exists. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { asPod } from '../../core/app-problems.ts';
import { api } from '../../data/api.ts';
import { podQuery } from '../../data/queries.ts';
import { Page } from '../../frame/page.tsx';
import { POD } from './described-kinds.tsx';
import { Editing } from './editing.tsx';

export function EditPodPage() {
  const { _splat: path = '' } = useParams({ from: '/edit-pod/$' });
  const navigate = useNavigate();
  const id = `/${path}`;
  const { data: pod, error } = useQuery(podQuery(id));
  if (error !== null && pod === undefined) throw error;
  if (pod === undefined) return <Page title={`Edit ${id}`}>{null}</Page>;
  if (pod === null) return <Page title={`There is no pod ${id}`}>{null}</Page>;
  return (
    <Editing
      key={id}
      kind={POD}
      current={pod.spec}
      request={(draft) => ({ method: 'PUT', path: `/v2/pods${id}`, body: draft })}
      command={`stadion pod update ${id} change.json`}
      save={async (draft, how) => {
        await api.putPod({ params: { id }, query: how, body: asPod(draft) });
        await navigate({ to: '/pod/$', params: { _splat: path } });
      }}
    />
  );
}
