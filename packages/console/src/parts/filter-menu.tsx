/** Chooses some of several values; the button says how many are chosen. */
import { useState } from 'react';
import { Check, ChevronDown } from 'lucide-react';
import { Popover } from 'radix-ui';
import { buttonClass } from './button.tsx';
import { SearchField } from './search-field.tsx';
import styles from './filter-menu.module.css';

interface Option<Id extends string> {
  readonly id: Id;
  readonly label: string;
}

const SHOWN_MAX = 100;

export function FilterMenu<Id extends string>({
  label,
  options,
  chosen,
  onChange,
  isSearchable = false,
}: {
  readonly label: string;
  readonly options: readonly Option<Id>[];
  readonly chosen: readonly Id[];
  readonly onChange: (chosen: Id[]) => void;
  readonly isSearchable?: boolean;
}) {
  const [words, setWords] = useState('');
  const shown = options
    .filter((option) => option.label.toLowerCase().includes(words.toLowerCase()))
    .slice(0, SHOWN_MAX);
  return (
    <Popover.Root>
      <Popover.Trigger
        className={`${buttonClass()} ${styles['trigger'] ?? ''}`}
        data-chosen={chosen.length > 0 || undefined}
      >
        {label}
        {chosen.length > 0 && <span className={styles['count']}>{chosen.length}</span>}
        <ChevronDown size={14} aria-hidden />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className={styles['content']}
          align="start"
          sideOffset={4}
          collisionPadding={8}
          aria-label={label}
        >
          {isSearchable && <SearchField label={`Search ${label.toLowerCase()}s`} value={words} onChange={setWords} />}
          <div role="group" aria-label={label} className={styles['options']}>
            {shown.map(({ id, label: text }) => (
              <label key={id} className={styles['option']}>
                <input
                  type="checkbox"
                  checked={chosen.includes(id)}
                  onChange={(event) => {
                    onChange(event.target.checked ? [...chosen, id] : chosen.filter((one) => one !== id));
                  }}
                />
                <span className={styles['box']}>
                  <Check size={12} aria-hidden />
                </span>
                <bdi>{text}</bdi>
              </label>
            ))}
            {shown.length === 0 && <p className={styles['none']}>There are none.</p>}
          </div>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
