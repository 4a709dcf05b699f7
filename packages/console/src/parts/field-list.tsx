/** Names and values one below the other, also those that nobody set. */
import styles from './field-list.module.css';

export function FieldList({ fields }: { readonly fields: readonly (readonly [name: string, value: unknown])[] }) {
  return (
    <dl className={styles['fields']}>
      {fields.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <Value value={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Value({ value }: { readonly value: unknown }) {
  const isEmpty = typeof value === 'object' && (value === null || Object.keys(value).length === 0);
  if (value === undefined || isEmpty) return <span className={styles['unset']}>unspecified</span>;
  if (typeof value === 'object') return <pre>{JSON.stringify(value, undefined, 2)}</pre>;
  return <code>{typeof value === 'string' ? value : JSON.stringify(value)}</code>;
}
