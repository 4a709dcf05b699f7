/** Fields that hold several of the same: rows of a list, pairs of a map. */
import { Plus, X } from 'lucide-react';
import { isObject, withMember, type Json } from '../../core/app-draft.ts';
import { Button, IconButton } from '../../parts/button.tsx';
import type { FieldFrame } from './fields.tsx';
import styles from './fields.module.css';

interface Column {
  readonly name: string | number;
  readonly title: string;
  readonly kind: 'text' | 'number';
}

/** Rows with the same members. */
export function ListField({
  label,
  hint,
  columns,
  fresh,
  value,
  problem,
  onChange,
}: FieldFrame & {
  readonly label: string;
  readonly hint?: string;
  readonly columns: readonly Column[];
  readonly fresh: Json;
}) {
  const rows = Array.isArray(value) ? (value as readonly Json[]) : [];
  return (
    <div className={styles['list']}>
      {rows.map((row, index) => (
        <div key={index} className={styles['item']}>
          {columns.map(({ name, title, kind }) => (
            <label key={name}>
              {title}
              <input
                type={kind}
                value={cellText(row, name)}
                spellCheck={false}
                onChange={(event) => {
                  onChange(withMember(rows, [index, name], cellValue(event.target.value, kind)));
                }}
              />
            </label>
          ))}
          <IconButton
            label={`Remove ${label.toLowerCase()} ${String(index + 1)}`}
            onClick={() => {
              onChange(withMember(rows, [index], undefined));
            }}
          >
            <X size={15} />
          </IconButton>
        </div>
      ))}
      {(problem ?? hint) !== undefined && <p data-wrong={problem !== undefined || undefined}>{problem ?? hint}</p>}
      <AddButton
        label={label}
        onAdd={() => {
          onChange([...rows, fresh]);
        }}
      />
    </div>
  );
}

function cellText(row: Json, name: string | number): string {
  if (typeof row !== 'object' || row === null) return '';
  const value = (row as Readonly<Record<string | number, Json | undefined>>)[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function cellValue(text: string, kind: Column['kind']): Json | undefined {
  if (text === '') return undefined;
  return kind === 'number' ? Number(text) : text;
}

/** Names with values. A secret's reference is shown, and changed in the JSON. */
export function PairsField({ label, value, problem, onChange }: FieldFrame & { readonly label: string }) {
  const pairs = isObject(value) ? Object.entries(value) : [];
  const put = (changed: readonly (readonly [string, Json | undefined])[]): void => {
    onChange(changed.length === 0 ? undefined : Object.fromEntries(changed));
  };
  return (
    <div className={styles['list']}>
      {pairs.map(([name, one], index) => (
        <div key={index} className={styles['item']}>
          <label>
            Name
            <input
              type="text"
              value={name}
              spellCheck={false}
              onChange={(event) => {
                put(pairs.map((pair, at) => (at === index ? [event.target.value, one] : pair)));
              }}
            />
          </label>
          <label>
            Value
            <input
              type="text"
              value={typeof one === 'string' ? one : JSON.stringify(one)}
              readOnly={typeof one !== 'string'}
              spellCheck={false}
              onChange={(event) => {
                put(pairs.map((pair, at) => (at === index ? [name, event.target.value] : pair)));
              }}
            />
          </label>
          <IconButton
            label={`Remove ${name}`}
            onClick={() => {
              put(pairs.filter((_, at) => at !== index));
            }}
          >
            <X size={15} />
          </IconButton>
        </div>
      ))}
      {problem !== undefined && <p data-wrong>{problem}</p>}
      <AddButton
        label={label}
        onAdd={() => {
          put([
            ...pairs,
            [
              freshName(
                label,
                pairs.map(([name]) => name),
              ),
              '',
            ],
          ]);
        }}
      />
    </div>
  );
}

function freshName(label: string, taken: readonly string[]): string {
  const name = label.toUpperCase();
  for (let number = 1; ; number += 1) {
    const candidate = `${name}_${String(number)}`;
    if (!taken.includes(candidate)) return candidate;
  }
}

function AddButton({ label, onAdd }: { readonly label: string; readonly onAdd: () => void }) {
  return (
    <div>
      <Button kind="quiet" icon={<Plus size={15} aria-hidden />} onClick={onAdd}>
        {`Add ${label.toLowerCase()}`}
      </Button>
    </div>
  );
}
