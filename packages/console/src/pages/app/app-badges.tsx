/** Status and health of an app, from its row in the overview. */
import { useQuery } from '@tanstack/react-query';
import { appHealth, appStatus } from '../../core/app-state.ts';
import { appsQuery } from '../../data/queries.ts';
import { HealthBadge, StatusBadge } from '../../parts/badge.tsx';

export function AppBadges({ id }: { readonly id: string }) {
  const { data: app } = useQuery({ ...appsQuery, select: ({ byId }) => byId.get(id) });
  if (app === undefined) return null;
  return (
    <>
      <StatusBadge status={appStatus(app)} />
      <HealthBadge health={appHealth(app)} />
    </>
  );
}
