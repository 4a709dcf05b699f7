/** Looks for words or a pattern in very many lines: a little at a time, so that the page is never held. */
import { useEffect, useMemo, useRef, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import type { TimerHandle } from '@stadion/base';
import { plainLine } from '../core/ansi.ts';
import { wordsMatcher, type LineMatcher } from '../core/log-match.ts';
import type { MergedLine } from '../core/merged-log.ts';
import { time } from '../data/browser-time.ts';
import { loadPart } from '../data/load-part.ts';

/** How long one go may take, and all goes of one pattern together. */
const SLICE_MS = 12;
const BUDGET_MS = 5_000;

/** What came of a search so far. */
export interface LineSearch {
  readonly matcher: LineMatcher | undefined;
  /** Whether a line was found; absent when everything is wanted. */
  readonly isFound: ((line: MergedLine) => boolean) | undefined;
  /** Lines are still to be looked at. */
  readonly isBusy: boolean;
  readonly problem: string | undefined;
}

/** What searches: undefined while nothing is searched for, or while the part that reads patterns comes. */
function useMatcher(words: string, isPattern: boolean): Pick<LineSearch, 'matcher' | 'problem'> {
  // Read when first wanted: it is larger than everything else on the page.
  const { data: regex, error } = useQuery({
    queryKey: ['part', 'log-regex'],
    queryFn: () => loadPart(() => import('../core/log-regex.ts')),
    enabled: isPattern,
    structuralSharing: false,
  });
  return useMemo(() => {
    if (words === '') return { matcher: undefined, problem: undefined };
    if (!isPattern) return { matcher: wordsMatcher(words), problem: undefined };
    if (regex === undefined) return { matcher: undefined, problem: error?.message };
    const pattern = regex.regexMatcher(words);
    return 'matcher' in pattern
      ? { matcher: pattern.matcher, problem: undefined }
      : { matcher: undefined, problem: pattern.problem };
  }, [words, isPattern, regex, error]);
}

interface Results {
  readonly matcher: LineMatcher;
  readonly found: ReadonlyMap<string, boolean>;
  readonly spentMs: number;
}

/** @param lines which keep their keys from one call to the next */
export function useLineSearch(lines: readonly MergedLine[], words: string, isPattern: boolean): LineSearch {
  const { matcher, problem } = useMatcher(words, isPattern);
  const [results, setResults] = useState<Results>();
  const latest = useRef<Results>(undefined);
  const current = results !== undefined && results.matcher === matcher ? results : undefined;

  useEffect(() => {
    if (matcher === undefined) return undefined;
    const before = latest.current?.matcher === matcher ? latest.current : undefined;
    // Only of lines that are still there.
    const found = new Map<string, boolean>();
    const waiting: MergedLine[] = [];
    for (const line of lines) {
      const known = before?.found.get(line.key);
      if (known === undefined) waiting.push(line);
      else found.set(line.key, known);
    }
    let spentMs = before?.spentMs ?? 0;
    let next = 0;
    let pending: TimerHandle | undefined;
    const go = (): void => {
      const begun = time.monotonic();
      while (next < waiting.length && time.monotonic() - begun < SLICE_MS) {
        const line = waiting[next];
        next += 1;
        if (line !== undefined) found.set(line.key, matcher.test(plainLine(line.text)));
      }
      spentMs += time.monotonic() - begun;
      if (next < waiting.length && spentMs <= BUDGET_MS) {
        pending = time.after(0, go);
        return;
      }
      latest.current = { matcher, found, spentMs };
      setResults(latest.current);
    };
    go();
    return () => {
      pending?.cancel();
    };
  }, [matcher, lines]);

  const isFound = useMemo(
    () => (words === '' ? undefined : (line: MergedLine) => current?.found.get(line.key) === true),
    [words, current],
  );
  const isGivenUp = current !== undefined && current.spentMs > BUDGET_MS;
  return {
    matcher,
    isFound,
    isBusy: words !== '' && problem === undefined && current === undefined,
    problem: isGivenUp ? 'This pattern takes too long: not all lines were looked at' : problem,
  };
}
