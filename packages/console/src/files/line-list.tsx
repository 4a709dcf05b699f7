/** Lines of a log, any number of them: only those in sight exist; at their end the list may follow what is written. */
import { useLayoutEffect, useRef, type KeyboardEvent, type ReactNode, type RefObject, type UIEvent } from 'react';
import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual';
import styles from './line-list.module.css';

/** The height of a line that is not wrapped, px. */
export const LINE_HEIGHT = 19;

/** What moves a list of lines. */
export interface LineListState {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly virtualizer: Virtualizer<HTMLDivElement, Element>;
}

/**
 * @param count of the lines
 * @param follows whether the end stays in sight
 * @param last changes when there are other lines, also where there are as many as before
 */
export function useLineList(count: number, follows: boolean, last: unknown): LineListState {
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_HEIGHT,
    overscan: 30,
  });
  useLayoutEffect(() => {
    if (follows && count > 0) virtualizer.scrollToIndex(count - 1, { align: 'end' });
  }, [follows, last, count, virtualizer]);
  return { scroller, virtualizer };
}

interface LineListProps {
  readonly list: LineListState;
  readonly label: string;
  readonly height: string;
  readonly wraps: boolean;
  readonly keyOf?: (index: number) => string;
  readonly isCurrent?: (index: number) => boolean;
  readonly line: (index: number) => ReactNode;
  /** Somebody looks back: the list must not follow any more. */
  readonly onLookBack: () => void;
  readonly onScroll?: (event: UIEvent<HTMLDivElement>) => void;
  /** Stands above the lines. */
  readonly children?: ReactNode;
}

export function LineList(props: LineListProps) {
  const { list, label, height, wraps, keyOf, isCurrent, line, onLookBack, onScroll, children } = props;
  const { scroller, virtualizer } = list;
  return (
    <div
      ref={scroller}
      className={styles['scroller']}
      style={{ height }}
      tabIndex={0}
      role="log"
      aria-label={label}
      aria-live="off"
      data-wraps={wraps || undefined}
      onWheel={(event) => {
        if (event.deltaY < 0) onLookBack();
      }}
      onKeyDown={(event: KeyboardEvent) => {
        if (['ArrowUp', 'PageUp', 'Home'].includes(event.key)) onLookBack();
      }}
      onScroll={onScroll}
    >
      {children}
      <div className={styles['lines']} style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index, start }) => (
          <div
            key={keyOf?.(index) ?? index}
            ref={virtualizer.measureElement}
            data-index={index}
            data-current={isCurrent?.(index) === true || undefined}
            className={styles['line']}
            style={{ transform: `translateY(${String(start)}px)` }}
          >
            {line(index)}
          </div>
        ))}
      </div>
    </div>
  );
}

/** What one does with the lines, in a row above them. */
export function LineTools({ children }: { readonly children: ReactNode }) {
  return <div className={styles['tools']}>{children}</div>;
}

export function FollowToggle({
  follows,
  onChange,
}: {
  readonly follows: boolean;
  readonly onChange: (follows: boolean) => void;
}) {
  return (
    <label className={styles['toggle']}>
      <input
        type="checkbox"
        checked={follows}
        onChange={(event) => {
          onChange(event.target.checked);
        }}
      />
      Follow
    </label>
  );
}
