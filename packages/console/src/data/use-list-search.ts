/** What restricts a list and in which order it stands, kept in the URL. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ListSearch } from '../core/search-params.ts';

type Change = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A list as its URL wants it. */
export interface ListView {
  readonly q: string;
  readonly sort: string;
  /** Writes into the URL what shows other rows; an empty text or list takes its restriction away. */
  readonly restrict: (change: Change) => void;
  /** For the field that searches. */
  readonly field: { readonly value: string; readonly onChange: (words: string) => void };
  /** For the table. */
  readonly order: { readonly sorting: string; readonly onSorting: (sort: string) => void };
}

/** @param standard the order of a list whose URL says none: the id of a column, `-` before it for the other way round */
export function useListSearch(standard: string): ListView {
  const { q = '', sort = standard }: ListSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const restrict = (change: Change): void => {
    const members = Object.entries(change).map(([name, value]) => [name, value?.length === 0 ? undefined : value]);
    const changed = Object.fromEntries(members) as object;
    void navigate({ to: '.', search: (previous: object) => ({ ...previous, ...changed }), replace: true });
  };
  return {
    q,
    sort,
    restrict,
    field: {
      value: q,
      onChange: (words) => {
        restrict({ q: words });
      },
    },
    order: {
      sorting: sort,
      onSorting: (wanted) => {
        restrict({ sort: wanted === standard ? undefined : wanted });
      },
    },
  };
}
