/**
 * A table of any length: only the rows in sight exist. It scrolls with the page, its head stays; columns sort; arrow keys
 * walk through the rows. On a phone the columns that matter less are left out.
 */
import {
  memo,
  useCallback,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
} from 'react';
import { createSortedRowModel, rowSortingFeature, tableFeatures, useTable } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { useNarrow } from './use-narrow.ts';
import styles from './data-table.module.css';

/** A column. Without `value` it does not sort. */
export interface TableColumn<Row> {
  readonly id: string;
  readonly title: string;
  /** Stands in the head instead of the title. */
  readonly head?: ReactNode;
  readonly cell: (row: Row) => ReactNode;
  readonly value?: (row: Row) => string | number;
  /** A track of a CSS grid. */
  readonly width: string;
  /** Its track on a phone; without one it is left out there. */
  readonly phone?: string;
  readonly align?: 'end';
}

/** `name` sorts upwards, `-name` downwards. */
export type Sorting = string;

interface DataTableProps<Row> {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly TableColumn<Row>[];
  readonly rowId: (row: Row) => string;
  readonly sorting: Sorting;
  readonly onSorting: (sorting: Sorting) => void;
  /** Rows that must stay above the others, e.g. folders. */
  readonly isPinned?: (row: Row) => boolean;
  readonly rowHeight?: number;
  readonly empty?: ReactNode;
}

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() });
const OVERSCAN = 8;
/** Places beyond those that are needed now: how many rows are in sight varies by one or two. */
const PLACES_SPARE = 4;

export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const { label, columns, rowId, sorting, onSorting, rowHeight = 38, empty } = props;
  const isNarrow = useNarrow();
  const shown = useMemo(() => columns.filter((column) => !isNarrow || column.phone !== undefined), [columns, isNarrow]);
  const rows = useSortedRows(props);
  const body = useRef<HTMLDivElement>(null);
  const [offset, setOffset] = useState(0);
  useLayoutEffect(() => {
    const scroller = scrollerOf();
    if (body.current === null || scroller === null) return;
    const distance = body.current.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
    setOffset(distance + scroller.scrollTop);
  }, [rows.length]);
  // The same function as long as the rows are: with another one the positions of all rows are worked out again.
  const getItemKey = useCallback(
    (index: number) => {
      const row = rows[index];
      return row === undefined ? index : rowId(row);
    },
    [rows, rowId],
  );
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: scrollerOf,
    estimateSize: () => rowHeight,
    overscan: OVERSCAN,
    scrollMargin: offset,
    getItemKey,
  });
  const items = virtualizer.getVirtualItems();
  const places = usePlaces(items.length);
  const template = shown.map((column) => (isNarrow ? (column.phone ?? column.width) : column.width)).join(' ');

  function walk(event: KeyboardEvent<HTMLDivElement>): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const current = (event.target as HTMLElement).closest<HTMLElement>('[data-index]');
    if (step === undefined || current === null || event.target instanceof HTMLInputElement) return;
    const next = Number(current.dataset['index']) + step;
    if (next < 0 || next >= rows.length) return;
    event.preventDefault();
    virtualizer.scrollToIndex(next);
    requestAnimationFrame(() => {
      body.current?.querySelector<HTMLElement>(`[data-index="${String(next)}"] :is(a, button)`)?.focus();
    });
  }

  return (
    <div className={styles['table']}>
      <div role="table" aria-label={label} aria-rowcount={rows.length + 1}>
        <div role="rowgroup" className={styles['head']}>
          <div role="row" aria-rowindex={1} className={styles['row']} style={{ gridTemplateColumns: template }}>
            {shown.map((column) => (
              <HeadCell key={column.id} column={column} sorting={sorting} onSorting={onSorting} />
            ))}
          </div>
        </div>
        <div
          ref={body}
          role="rowgroup"
          className={styles['body']}
          style={{ height: virtualizer.getTotalSize() }}
          onKeyDown={walk}
        >
          {items.map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            return (
              <BodyRow
                key={item.index % places}
                id={rowId(row)}
                row={row}
                columns={shown}
                index={item.index}
                template={template}
                height={rowHeight}
                top={item.start - offset}
              />
            );
          })}
        </div>
      </div>
      {/* What stands in the place of rows is no row. */}
      {rows.length === 0 && empty}
    </div>
  );
}

/**
 * How many rows are kept: one that goes out of sight becomes the one that comes into sight. To write other texts into what
 * is there is much less work than to make it anew.
 */
function usePlaces(count: number): number {
  const [places, setPlaces] = useState(count);
  if (count > places) setPlaces(count + PLACES_SPARE);
  return Math.max(count, places);
}

interface BodyRowProps<Row> {
  readonly id: string;
  readonly row: Row;
  readonly columns: readonly TableColumn<Row>[];
  readonly index: number;
  readonly template: string;
  readonly height: number;
  readonly top: number;
}

function BodyRowOnce<Row>({ id, row, columns, index, template, height, top }: BodyRowProps<Row>) {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(
    () => () => {
      // The focus must not be on another row than the one it was put on.
      const focused = document.activeElement;
      if (focused instanceof HTMLElement && place.current?.contains(focused) === true) focused.blur();
    },
    [id],
  );
  return (
    <div
      ref={place}
      role="row"
      aria-rowindex={index + 2}
      data-index={index}
      className={styles['row']}
      style={{ gridTemplateColumns: template, height, transform: `translateY(${String(top)}px)` }}
    >
      {columns.map((column) => (
        <div key={column.id} role="cell" className={styles['cell']} data-align={column.align}>
          {column.cell(row)}
        </div>
      ))}
    </div>
  );
}

/** One row. While others come and go by scrolling, it stays as it is. */
const BodyRow = memo(BodyRowOnce) as typeof BodyRowOnce;

/** The element that scrolls the page. */
function scrollerOf(): HTMLElement | null {
  return document.getElementById('content');
}

function useSortedRows<Row extends object>(props: DataTableProps<Row>): readonly Row[] {
  const { rows, columns, sorting, isPinned } = props;
  const definitions = useMemo(
    () =>
      columns.map(({ id, value }) =>
        value === undefined
          ? { id, enableSorting: false }
          : { id, accessorFn: (row: Row) => value(row), sortFn: bySize as never, sortDescFirst: false },
      ),
    [columns],
  );
  const state = useMemo(() => {
    const id = sorting.replace(/^-/, '');
    return { sorting: sorting === '' ? [] : [{ id, desc: sorting.startsWith('-') }] };
  }, [sorting]);
  const table = useTable({ features, data: rows, columns: definitions, state });
  const sorted = table.getRowModel().rows;
  return useMemo(() => {
    const all = sorted.map((row) => row.original);
    if (isPinned === undefined) return all;
    return [...all.filter((row) => isPinned(row)), ...all.filter((row) => !isPinned(row))];
  }, [sorted, isPinned]);
}

interface SortedRow {
  getValue(id: string): string | number;
}

function bySize(left: SortedRow, right: SortedRow, id: string): number {
  const [one, other] = [left.getValue(id), right.getValue(id)];
  return one < other ? -1 : one > other ? 1 : 0;
}

function HeadCell<Row>({
  column,
  sorting,
  onSorting,
}: {
  readonly column: TableColumn<Row>;
  readonly sorting: Sorting;
  readonly onSorting: (sorting: Sorting) => void;
}) {
  const isSorted = sorting.replace(/^-/, '') === column.id;
  const isDown = sorting.startsWith('-');
  const Arrow = isDown ? ArrowDown : ArrowUp;
  return (
    <div
      role="columnheader"
      className={styles['cell']}
      data-align={column.align}
      aria-sort={isSorted ? (isDown ? 'descending' : 'ascending') : undefined}
    >
      {column.head !== undefined ? (
        column.head
      ) : column.value === undefined ? (
        <span className={column.title === '' ? 'visually-hidden' : undefined}>{column.title || 'Actions'}</span>
      ) : (
        <button
          type="button"
          className={styles['sort']}
          onClick={() => {
            onSorting(isSorted && !isDown ? `-${column.id}` : column.id);
          }}
        >
          {column.title}
          {isSorted && <Arrow size={12} aria-hidden />}
        </button>
      )}
    </div>
  );
}
