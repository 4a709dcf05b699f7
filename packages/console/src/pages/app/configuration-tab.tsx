/** The configuration of an app: its versions, any one of them in full, and the difference between any two. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { AppInfo } from '@stadion/contract/orchestrator';
import { Undo2 } from 'lucide-react';
import { ActionButton } from '../../actions/action-button.tsx';
import { versionQuery, versionsQuery } from '../../data/queries.ts';
import { JsonDiff } from '../../parts/json-diff.tsx';
import { LazyJsonEditor } from '../../parts/lazy-json-editor.tsx';
import { Panel } from '../../parts/panel.tsx';
import { VersionChoice } from '../../parts/version-choice.tsx';
import { AppFields } from './app-fields.tsx';
import styles from './configuration-tab.module.css';

export function ConfigurationTab({ app }: { readonly app: AppInfo }) {
  const { from, to = app.version } = useSearch({ from: '/app/$' });
  const navigate = useNavigate({ from: '/app/$' });
  const { data: versions = [app.version] } = useQuery(versionsQuery(app.id));
  const { data: shown } = useQuery(versionQuery(app.id, to));
  const { data: compared } = useQuery({ ...versionQuery(app.id, from ?? ''), enabled: from !== undefined });
  return (
    <div className={styles['tab']}>
      <VersionChoice
        versions={versions}
        current={app.version}
        to={to}
        from={from}
        clone={{ clone: app.id }}
        onChoose={(change) => void navigate({ search: (previous) => ({ ...previous, ...change }), replace: true })}
        rollBack={
          <ActionButton
            icon={<Undo2 size={15} aria-hidden />}
            action={{ kind: 'roll-back', appId: app.id, version: to }}
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
        <>
          <Panel title="All fields">
            <AppFields app={shown} />
          </Panel>
          <Panel title="As JSON" isFlush>
            <LazyJsonEditor label="Configuration as JSON" text={JSON.stringify(shown, undefined, 2)} />
          </Panel>
        </>
      )}
    </div>
  );
}
