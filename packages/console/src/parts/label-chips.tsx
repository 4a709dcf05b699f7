/** The first labels of an app; each leads to the apps that have it too. */
import { Link } from '@tanstack/react-router';
import styles from './label-chips.module.css';

const SHOWN = 2;

export function LabelChips({
  labels,
  shown = SHOWN,
}: {
  readonly labels: Readonly<Record<string, string>>;
  readonly shown?: number;
}) {
  const all = Object.entries(labels);
  if (all.length === 0) return null;
  return (
    <span className={styles['chips']} data-few={shown === SHOWN || undefined}>
      {all.slice(0, shown).map(([name, value]) => {
        const text = value === '' ? name : `${name}=${value}`;
        return (
          <Link key={name} to="/apps" search={{ label: [text] }} className={styles['chip']} title={text}>
            <bdi>{text}</bdi>
          </Link>
        );
      })}
      {all.length > shown && <span className={styles['more']}>+{all.length - shown}</span>}
    </span>
  );
}
