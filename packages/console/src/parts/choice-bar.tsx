/** What can be done with everything that was chosen in a list. */
import type { ReactNode } from 'react';
import { Button } from './button.tsx';
import styles from './choice-bar.module.css';

export function ChoiceBar({
  label,
  words,
  onDone,
  children,
}: {
  readonly label: string;
  /** How much is chosen. */
  readonly words: string;
  readonly onDone: () => void;
  readonly children: ReactNode;
}) {
  return (
    <div className={styles['bar']} role="group" aria-label={label}>
      <span>{words}</span>
      {children}
      <Button kind="quiet" onClick={onDone}>
        Choose none
      </Button>
    </div>
  );
}
