/** Single fields of the form, each with its name, a hint, and what is wrong with it. */
import { useId, type ReactNode } from 'react';
import type { Json } from '../../core/app-draft.ts';
import styles from './fields.module.css';

/** What every field is given. */
export interface FieldFrame {
  readonly value: Json | undefined;
  readonly problem: string | undefined;
  readonly onChange: (value: Json | undefined) => void;
}

interface FieldProps extends FieldFrame {
  readonly label: string;
  readonly hint?: string;
}

function Described({
  label,
  hint,
  problem,
  children,
}: Pick<FieldProps, 'label' | 'hint' | 'problem'> & {
  readonly children: (ids: { id: string; note: string }) => ReactNode;
}) {
  const id = useId();
  const note = `${id} note`.replaceAll(' ', '-');
  return (
    <div className={styles['field']} data-wrong={problem !== undefined || undefined}>
      <label htmlFor={id}>{label}</label>
      {children({ id, note })}
      {(problem !== undefined || hint !== undefined) && <p id={note}>{problem ?? hint}</p>}
    </div>
  );
}

/** A text. Empty means that nothing is set. */
export function TextField({
  label,
  hint,
  value,
  problem,
  onChange,
  isLong = false,
}: FieldProps & { readonly isLong?: boolean }) {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  return (
    <Described label={label} problem={problem} {...(hint === undefined ? {} : { hint })}>
      {({ id, note }) => {
        const shared = {
          id,
          value: text,
          'aria-describedby': note,
          'aria-invalid': problem !== undefined,
          spellCheck: false,
          onChange: (event: { target: { value: string } }) => {
            onChange(event.target.value === '' ? undefined : event.target.value);
          },
        };
        return isLong ? <textarea rows={3} {...shared} /> : <input type="text" {...shared} />;
      }}
    </Described>
  );
}

/** A number. Empty means that nothing is set. */
export function NumberField({ label, hint, value, problem, onChange, step }: FieldProps & { readonly step?: number }) {
  return (
    <Described label={label} problem={problem} {...(hint === undefined ? {} : { hint })}>
      {({ id, note }) => (
        <input
          id={id}
          type="number"
          min={0}
          step={step ?? 'any'}
          value={typeof value === 'number' ? value : ''}
          aria-describedby={note}
          aria-invalid={problem !== undefined}
          onChange={(event) => {
            const number = event.target.valueAsNumber;
            onChange(Number.isNaN(number) ? undefined : number);
          }}
        />
      )}
    </Described>
  );
}
