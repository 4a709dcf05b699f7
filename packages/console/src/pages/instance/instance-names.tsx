/** Under which names an instance is found, when a name server answers. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { appLabel } from '../../core/app-names.ts';
import { namesQuery } from '../../data/cluster-queries.ts';

export function InstanceNames({ appId }: { readonly appId: string }) {
  const label = appLabel(appId);
  const { data } = useQuery(namesQuery(`${label}.`));
  const found = (data?.names ?? []).find(({ name }) => name.startsWith(`${label}.`));
  if (found === undefined) return data === undefined ? 'not known' : 'none';
  return (
    <Link to="/names" search={{ q: `${label}.` }}>
      <bdi>{found.name}</bdi>
    </Link>
  );
}
