/** A short word at the edge of the window about what was done; it goes by itself. */
import { useEffect, type ReactNode } from 'react';
import { CircleCheck, X } from 'lucide-react';
import { time } from '../data/browser-time.ts';
import { IconButton } from './button.tsx';
import styles from './notice.module.css';

const SHOWN_MS = 6_000;

export function Notice({ children, onClose }: { readonly children: ReactNode; readonly onClose: () => void }) {
  useEffect(() => {
    const timer = time.after(SHOWN_MS, onClose);
    return () => {
      timer.cancel();
    };
  }, [onClose]);
  return (
    <div className={styles['notice']} role="status">
      <CircleCheck size={16} aria-hidden />
      <p>{children}</p>
      <IconButton label="Close" onClick={onClose}>
        <X size={15} />
      </IconButton>
    </div>
  );
}
