/** The first labels of an app; each leads to the apps that have it too. */
import { RowLink } from './row-link.tsx';
import styles from './label-chips.module.css';

const SHOWN = 2;

/** The list of the apps with a label, as the router writes it into the URL. */
function labelHref(text: string): string {
  return `/apps?label=${encodeURIComponent(JSON.stringify([text]))}`;
}

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
          <RowLink key={name} href={labelHref(text)} className={styles['chip']} title={text}>
            <bdi>{text}</bdi>
          </RowLink>
        );
      })}
      {all.length > shown && <span className={styles['more']}>+{all.length - shown}</span>}
    </span>
  );
}
