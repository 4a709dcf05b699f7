/** The configuration of an app: its versions, any one of them in full, and the difference between any two. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Undo2 } from 'lucide-react';
import type { AppInfo } from '@stadion/contract/orchestrator';
import { useAsk } from '../../actions/use-actions.ts';
import { moment } from '../../core/moments.ts';
import { versionQuery, versionsQuery } from '../../data/queries.ts';
import { Button } from '../../parts/button.tsx';
import { JsonDiff } from '../../parts/json-diff.tsx';
import { LazyJsonEditor } from '../../parts/lazy-json-editor.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Select } from '../../parts/select.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';
import { FieldList } from './field-list.tsx';
import styles from './configuration-tab.module.css';

export function ConfigurationTab({ app }: { readonly app: AppInfo }) {
  const { from, to = app.version } = useSearch({ from: '/app/$' });
  const navigate = useNavigate({ from: '/app/$' });
  const ask = useAsk();
  const { data: versions = [app.version] } = useQuery(versionsQuery(app.id));
  const { data: shown } = useQuery(versionQuery(app.id, to));
  const { data: compared } = useQuery({ ...versionQuery(app.id, from ?? ''), enabled: from !== undefined });
  const choose = (change: { from?: string | undefined; to?: string | undefined }): void =>
    void navigate({ search: (previous) => ({ ...previous, ...change }), replace: true });
  const options = versions.map((version) => ({
    id: version,
    label: `${moment(Date.parse(version))}${version === app.version ? ' (current)' : ''}`,
  }));
  return (
    <div className={styles['tab']}>
      <div className={styles['choice']}>
        <Select
          label="Version"
          value={to}
          options={options}
          onChange={(version) => {
            choose({ to: version === app.version ? undefined : version });
          }}
        />
        <Select
          label="Compared with"
          value={from ?? ''}
          options={[{ id: '', label: 'nothing' }, ...options.filter(({ id }) => id !== to)]}
          onChange={(version) => {
            choose({ from: version === '' ? undefined : version });
          }}
        />
        <span className={styles['made']}>
          made <TimeAgo at={to} />
        </span>
        {to !== app.version && (
          <Button
            icon={<Undo2 size={15} aria-hidden />}
            onClick={() => {
              ask({ kind: 'roll-back', appId: app.id, version: to });
            }}
          >
            Roll back to this
          </Button>
        )}
      </div>
      {from !== undefined && compared !== undefined && shown !== undefined && (
        <Panel title="What changed" isFlush>
          <JsonDiff before={compared} after={shown} />
        </Panel>
      )}
      {shown !== undefined && (
        <>
          <Panel title="All fields">
            <FieldList app={shown} />
          </Panel>
          <Panel title="As JSON" isFlush>
            <LazyJsonEditor label="Configuration as JSON" text={JSON.stringify(shown, undefined, 2)} />
          </Panel>
        </>
      )}
    </div>
  );
}
