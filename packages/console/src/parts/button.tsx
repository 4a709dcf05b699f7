/** Buttons, and links that look like one. */
import type { ComponentProps, ReactNode } from 'react';
import { Tooltip } from './tooltip.tsx';
import styles from './button.module.css';

type Kind = 'primary' | 'plain' | 'quiet' | 'danger';

interface ButtonProps extends ComponentProps<'button'> {
  readonly kind?: Kind;
  readonly icon?: ReactNode;
  /** Why it is not ours to press. It stays within reach, or nobody could hear why. */
  readonly denied?: string | undefined;
}

/** The class of something that is to look like a button. */
export function buttonClass(kind: Kind = 'plain'): string {
  return `${styles['button'] ?? ''} ${styles[kind] ?? ''}`;
}

function nothing(): void {
  // Somebody who may not has pressed it.
}

/** A button with a text. */
export function Button({ kind = 'plain', icon, denied, children, className = '', ...rest }: ButtonProps) {
  const isDenied = denied !== undefined;
  return (
    <button
      type="button"
      className={`${buttonClass(kind)} ${className}`}
      {...rest}
      {...(isDenied && { 'aria-disabled': true, title: denied, onClick: nothing })}
    >
      {icon}
      {children}
    </button>
  );
}

interface IconButtonProps extends ComponentProps<'button'> {
  /** What it does; shown when pointed at, read aloud. */
  readonly label: string;
  readonly shortcut?: string;
}

/** A button that is only an icon, without the tooltip's machinery: for the rows of long lists. */
export function PlainIconButton({ label, children, className = '', ...rest }: Omit<IconButtonProps, 'shortcut'>) {
  return (
    <button type="button" aria-label={label} title={label} className={`${styles['icon'] ?? ''} ${className}`} {...rest}>
      {children}
    </button>
  );
}

/** A button that is only an icon. */
export function IconButton({ label, shortcut, children, className = '', ...rest }: IconButtonProps) {
  return (
    <Tooltip text={label} {...(shortcut === undefined ? {} : { shortcut })}>
      <button type="button" aria-label={label} className={`${styles['icon'] ?? ''} ${className}`} {...rest}>
        {children}
      </button>
    </Tooltip>
  );
}
