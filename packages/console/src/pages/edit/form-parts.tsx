/** What forms are made of beside their fields: sections, and where each field finds its value and its problem. */
import type { ReactNode } from 'react';
import { isObject, memberAt, withMember, type Json, type JsonObject, type MemberPath } from '../../core/app-draft.ts';
import type { DraftProblem } from '../../core/app-problems.ts';
import type { FieldFrame } from './fields.tsx';
import styles from './fields.module.css';

/** What every form is given. */
export interface FormProps {
  readonly draft: JsonObject;
  readonly problems: readonly DraftProblem[];
  readonly onChange: (draft: JsonObject) => void;
}

/** How the fields of a form reach their members. */
export interface FormFrame {
  readonly set: (path: MemberPath, value: Json | undefined) => void;
  readonly frame: (path: MemberPath) => FieldFrame;
}

export function formFrame({ draft, problems, onChange }: FormProps): FormFrame {
  const set = (path: MemberPath, value: Json | undefined): void => {
    const changed = withMember(draft, path, value);
    onChange(isObject(changed) ? changed : {});
  };
  return {
    set,
    frame: (path) => ({
      value: memberAt(draft, path),
      problem: problems.find((one) => one.path === apiPathOf(path))?.message,
      onChange: (value) => {
        set(path, value);
      },
    }),
  };
}

function apiPathOf(path: MemberPath): string {
  return path.map((step) => (typeof step === 'number' ? `(${String(step)})` : `/${step}`)).join('');
}

/** A part of a form that folds. */
export function Section({
  title,
  isOpen,
  children,
}: {
  readonly title: string;
  readonly isOpen: boolean;
  readonly children: ReactNode;
}) {
  return (
    <details className={styles['section']} open={isOpen}>
      <summary>{title}</summary>
      <div className={styles['fields']}>{children}</div>
    </details>
  );
}
