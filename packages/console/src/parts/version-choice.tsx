/** Chooses a version, another one to compare it with, and offers the way back to it. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Copy } from 'lucide-react';
import { moment } from '../core/moments.ts';
import { buttonClass } from './button.tsx';
import { Select } from './select.tsx';
import { TimeAgo } from './time-ago.tsx';
import styles from './version-choice.module.css';

export function VersionChoice({
  versions,
  current,
  to,
  from,
  clone,
  onChoose,
  rollBack,
}: {
  /** Newest first. */
  readonly versions: readonly string[];
  readonly current: string;
  /** The one that is looked at. */
  readonly to: string;
  /** The one that it is compared with. */
  readonly from: string | undefined;
  /** What a new one is made from: the id, and for a pod that it is one. */
  readonly clone: { readonly clone: string; readonly kind?: 'pod' };
  readonly onChoose: (change: { readonly to?: string | undefined; readonly from?: string | undefined }) => void;
  /** The button that leads back to the version that is looked at. */
  readonly rollBack: ReactNode;
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
      <Link to="/new" search={{ ...clone, version: to }} className={buttonClass()}>
        <Copy size={15} aria-hidden />
        Clone as …
      </Link>
      {to !== current && rollBack}
    </div>
  );
}
