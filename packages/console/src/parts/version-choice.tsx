/** Chooses a version, another one to compare it with, and offers the way back to it. */
import { Undo2 } from 'lucide-react';
import { moment } from '../core/moments.ts';
import { Button } from './button.tsx';
import { Select } from './select.tsx';
import { TimeAgo } from './time-ago.tsx';
import styles from './version-choice.module.css';

export function VersionChoice({
  versions,
  current,
  to,
  from,
  onChoose,
  onRollBack,
}: {
  /** Newest first. */
  readonly versions: readonly string[];
  readonly current: string;
  /** The one that is looked at. */
  readonly to: string;
  /** The one that it is compared with. */
  readonly from: string | undefined;
  readonly onChoose: (change: { readonly to?: string | undefined; readonly from?: string | undefined }) => void;
  readonly onRollBack: () => void;
}) {
  const options = versions.map((version) => ({
    id: version,
    label: `${moment(Date.parse(version))}${version === current ? ' (current)' : ''}`,
  }));
  return (
    <div className={styles['choice']}>
      <Select
        label="Version"
        value={to}
        options={options}
        onChange={(version) => {
          onChoose({ to: version === current ? undefined : version });
        }}
      />
      <Select
        label="Compared with"
        value={from ?? ''}
        options={[{ id: '', label: 'nothing' }, ...options.filter(({ id }) => id !== to)]}
        onChange={(version) => {
          onChoose({ from: version === '' ? undefined : version });
        }}
      />
      <span className={styles['made']}>
        made <TimeAgo at={to} />
      </span>
      {to !== current && (
        <Button icon={<Undo2 size={15} aria-hidden />} onClick={onRollBack}>
          Roll back to this
        </Button>
      )}
    </div>
  );
}
