/** Looks into a file of any length: its end first, back without end, following, searching, wrapping, with colours. */
import { useDeferredValue, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { ArrowDownToLine, ArrowUpToLine, ChevronDown, ChevronUp, Download, WrapText } from 'lucide-react';
import { counted } from '../core/amounts.ts';
import { plainLine } from '../core/ansi.ts';
import { bounds, linesOf } from '../core/file-window.ts';
import { wordsMatcher } from '../core/log-match.ts';
import { IconButton } from '../parts/button.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { downloadUrl } from './file-urls.ts';
import { FollowToggle, LINE_HEIGHT, LineList, LineTools, useLineList } from './line-list.tsx';
import { LogLine } from './log-line.tsx';
import { useFileTail, type FilePlace } from './use-file-tail.ts';
import styles from './pailer.module.css';

/** So close to the top that the piece before is read. */
const NEAR_TOP = 400;

export function Pailer({
  place,
  label,
  height = '32rem',
}: {
  readonly place: FilePlace;
  readonly label: string;
  readonly height?: string;
}) {
  const [follows, setFollows] = useState(true);
  const [wraps, setWraps] = useState(true);
  const { window, error, readBack, jump } = useFileTail(place, follows);
  const lines = useMemo(() => (window === undefined ? [] : linesOf(window)), [window]);
  const start = window === undefined ? 0 : bounds(window).from;
  const list = useLineList(lines.length, follows, wraps);
  const { scroller, virtualizer } = list;
  const search = useLineSearch(lines, (index) => {
    setFollows(false);
    virtualizer.scrollToIndex(index, { align: 'center' });
  });

  // What was read before the beginning must not move what is looked at.
  const known = useRef({ start, count: lines.length });
  useLayoutEffect(() => {
    const before = known.current;
    const added = lines.length - before.count;
    if (start < before.start && added > 0 && scroller.current !== null) {
      scroller.current.scrollBy(0, added * LINE_HEIGHT);
    }
    known.current = { start, count: lines.length };
  }, [start, lines.length, scroller]);

  return (
    <div className={styles['pailer']}>
      <LineTools>
        <SearchField label="Search in what is read" value={search.words} onChange={search.setWords} />
        {search.words !== '' && (
          <>
            <span className={styles['found']} role="status">
              {search.found.length === 0 ? 'not found' : `${String(search.at + 1)} of ${String(search.found.length)}`}
            </span>
            <IconButton label="Previous match" onClick={search.previous}>
              <ChevronUp size={16} />
            </IconButton>
            <IconButton label="Next match" onClick={search.next}>
              <ChevronDown size={16} />
            </IconButton>
          </>
        )}
        <span className={styles['space']} />
        <FollowToggle follows={follows} onChange={setFollows} />
        <IconButton
          label={wraps ? 'Do not wrap lines' : 'Wrap lines'}
          aria-pressed={wraps}
          onClick={() => {
            setWraps(!wraps);
          }}
        >
          <WrapText size={16} />
        </IconButton>
        <IconButton
          label="To the beginning"
          onClick={() => {
            setFollows(false);
            jump('head');
            scroller.current?.scrollTo({ top: 0 });
          }}
        >
          <ArrowUpToLine size={16} />
        </IconButton>
        <IconButton
          label="To the end"
          onClick={() => {
            jump('tail');
            setFollows(true);
          }}
        >
          <ArrowDownToLine size={16} />
        </IconButton>
        <a href={downloadUrl(place)} download className={styles['download']} aria-label={`Download ${label}`}>
          <Download size={16} aria-hidden />
        </a>
      </LineTools>
      <LineList
        list={list}
        label={label}
        height={height}
        wraps={wraps}
        isCurrent={(index) => search.found[search.at] === index}
        line={(index) => <LogLine line={lines[index] ?? ''} matcher={search.matcher} />}
        onLookBack={() => {
          setFollows(false);
        }}
        onScroll={(event) => {
          if (event.currentTarget.scrollTop < NEAR_TOP && start > 0 && !follows) readBack();
        }}
      >
        {error !== undefined && <p className={styles['error']}>{error.message}</p>}
        {window !== undefined && lines.length === 0 && <p className={styles['empty']}>The file is empty.</p>}
      </LineList>
      <p className={styles['status']}>
        {window === undefined
          ? 'Reading …'
          : `${counted(lines.length, 'line')} read${start > 0 ? ', more before' : ''}`}
      </p>
    </div>
  );
}

function useLineSearch(lines: readonly string[], show: (index: number) => void) {
  const [words, setWords] = useState('');
  const [chosen, setAt] = useState(0);
  const wanted = useDeferredValue(words);
  const matcher = useMemo(() => (wanted === '' ? undefined : wordsMatcher(wanted)), [wanted]);
  const found = useMemo(() => {
    if (matcher === undefined) return [];
    return lines.flatMap((line, index) => (matcher.test(plainLine(line)) ? [index] : []));
  }, [lines, matcher]);
  const at = Math.min(chosen, Math.max(0, found.length - 1));
  const go = (to: number): void => {
    if (found.length === 0) return;
    const next = (to + found.length) % found.length;
    setAt(next);
    const line = found[next];
    if (line !== undefined) show(line);
  };
  const latest = useRef(go);
  useEffect(() => {
    latest.current = go;
  });
  useEffect(() => {
    if (wanted !== '') latest.current(0);
  }, [wanted]);
  return {
    words,
    setWords,
    matcher,
    found,
    at,
    next: () => {
      go(at + 1);
    },
    previous: () => {
      go(at - 1);
    },
  };
}
