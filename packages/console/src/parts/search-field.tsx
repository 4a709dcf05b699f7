/** A field to search in a list. What is typed is passed on after a moment's pause. */
import { useEffect, useRef, useState } from 'react';
import type { TimerHandle } from '@stadion/base';
import { Search } from 'lucide-react';
import { time } from '../data/browser-time.ts';
import styles from './search-field.module.css';

const PAUSE_MS = 150;

export function SearchField({
  label,
  value,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  const [typed, setTyped] = useState(value);
  const [known, setKnown] = useState(value);
  // Changed from outside, e.g. by going back: what was typed is over.
  if (known !== value) {
    setKnown(value);
    setTyped(value);
  }
  const pause = useRef<TimerHandle>(undefined);
  useEffect(() => () => pause.current?.cancel(), []);
  return (
    <label className={styles['field']}>
      <Search size={15} aria-hidden />
      <input
        type="search"
        aria-label={label}
        placeholder={label}
        value={typed}
        data-search-field
        onChange={(event) => {
          const text = event.target.value;
          setTyped(text);
          pause.current?.cancel();
          pause.current = time.after(PAUSE_MS, () => {
            setKnown(text);
            onChange(text);
          });
        }}
      />
    </label>
  );
}
