/** A column of a table by which rows are chosen, single ones or all of them. */
import type { TableColumn } from './data-table.tsx';

/**
 * @param nouns what rows are, e.g. `instances`
 * @param nameOf how a row is read aloud
 */
export function choiceColumn<Row>(
  rows: readonly Row[],
  {
    nouns,
    idOf,
    nameOf,
  }: { readonly nouns: string; readonly idOf: (row: Row) => string; readonly nameOf: (row: Row) => string },
  chosen: ReadonlySet<string>,
  onChoose: (chosen: ReadonlySet<string>) => void,
): TableColumn<Row> {
  const hasAll = rows.length > 0 && rows.every((row) => chosen.has(idOf(row)));
  return {
    id: 'choice',
    title: 'Choose',
    width: '1.25rem',
    phone: '1.25rem',
    head: (
      <input
        type="checkbox"
        aria-label={`Choose all ${nouns}`}
        checked={hasAll}
        // While nothing is there yet a click would choose nothing.
        disabled={rows.length === 0}
        onChange={() => {
          onChoose(new Set(hasAll ? [] : rows.map(idOf)));
        }}
      />
    ),
    cell: (row) => (
      <input
        type="checkbox"
        aria-label={`Choose ${nameOf(row)}`}
        checked={chosen.has(idOf(row))}
        onChange={() => {
          const changed = new Set(chosen);
          if (!changed.delete(idOf(row))) changed.add(idOf(row));
          onChoose(changed);
        }}
      />
    ),
  };
}
