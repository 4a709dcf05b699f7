/** The platform itself: who leads, what there is and who holds it, roles and quotas, every task, the configuration. */
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { platformInfo } from '../../core/platform-info.ts';
import { infoQuery } from '../../data/queries.ts';
import { Page } from '../../frame/page.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { AboutTab } from './about-tab.tsx';
import { ConfigurationTab } from './configuration-tab.tsx';
import { RolesTab } from './roles-tab.tsx';
import { TasksTab } from './tasks-tab.tsx';

export function ClusterPage() {
  const { tab = 'about' } = useSearch({ from: '/cluster' });
  const { data: info } = useQuery(infoQuery);
  const name = info === undefined ? undefined : platformInfo(info).clusterName;
  return (
    <Page title="Cluster" subtitle={name !== undefined ? <bdi>{name}</bdi> : undefined}>
      <Tabs
        label="About the cluster"
        chosen={tab}
        tabs={[
          { id: 'about', label: 'About' },
          { id: 'roles', label: 'Roles' },
          { id: 'tasks', label: 'Tasks' },
          { id: 'configuration', label: 'Configuration' },
        ]}
      />
      {tab === 'about' && <AboutTab />}
      {tab === 'roles' && <RolesTab />}
      {tab === 'tasks' && <TasksTab />}
      {tab === 'configuration' && <ConfigurationTab />}
    </Page>
  );
}
