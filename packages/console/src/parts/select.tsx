/** Chooses one of several: the browser's own control, which every device knows best how to show. */
import { ChevronDown } from 'lucide-react';
import styles from './select.module.css';

export function Select<Id extends string>({
  label,
  value,
  options,
  onChange,
  isLabelHidden = false,
}: {
  readonly label: string;
  readonly value: Id;
  readonly options: readonly { readonly id: Id; readonly label: string }[];
  readonly onChange: (value: Id) => void;
  readonly isLabelHidden?: boolean;
}) {
  return (
    <label className={styles['select']}>
      <span className={isLabelHidden ? 'visually-hidden' : styles['label']}>{label}</span>
      <span className={styles['control']}>
        <select
          value={value}
          onChange={(event) => {
            const chosen = options.find(({ id }) => id === event.target.value);
            if (chosen !== undefined) onChange(chosen.id);
          }}
        >
          {options.map(({ id, label: text }) => (
            <option key={id} value={id}>
              {text}
            </option>
          ))}
        </select>
        <ChevronDown size={14} aria-hidden />
      </span>
    </label>
  );
}
