/** How much of something is used, as a bar with both numbers. */
import { percent } from '../core/amounts.ts';
import styles from './meter.module.css';

export function Meter({
  label,
  used,
  total,
  format,
  name = label,
}: {
  readonly label: string;
  readonly used: number;
  readonly total: number;
  readonly format: (value: number) => string;
  /** Read aloud where the label is not shown. */
  readonly name?: string;
}) {
  const share = total === 0 ? 0 : used / total;
  return (
    <div className={styles['meter']}>
      <div className={styles['words']}>
        <span>{label}</span>
        <span>
          {format(used)} of {format(total)} · {percent(share)}
        </span>
      </div>
      <div
        className={styles['bar']}
        role="meter"
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
      >
        <span data-full={share > 0.9 || undefined} style={{ width: percent(Math.min(1, share)).replace(' ', '') }} />
      </div>
    </div>
  );
}
