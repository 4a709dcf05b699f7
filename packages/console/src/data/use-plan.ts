/** Asks what a change would come to, once nobody has changed it for a moment. */
import { useEffect, useState } from 'react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { PlanAnswer, PlanInput } from '@stadion/contract/orchestrator-extensions';
import { api } from './api.ts';
import { time } from './browser-time.ts';

/** So long somebody must have stopped typing. */
const REST_MS = 350;

/** The plan, the last one while another is made. */
export interface Planned {
  readonly plan: PlanAnswer | undefined;
  readonly error: Error | undefined;
  /** Whether the plan is of exactly this input. */
  readonly isCurrent: boolean;
}

/** @param input undefined: nothing that could be planned */
export function usePlan(input: PlanInput | undefined): Planned {
  const text = input === undefined ? undefined : JSON.stringify(input);
  const settled = useSettled(text);
  const { data, error, isPlaceholderData } = useQuery({
    queryKey: ['plan', settled],
    queryFn: ({ signal }) => api.plan({ body: JSON.parse(settled ?? '{}') as PlanInput, signal }),
    enabled: settled !== undefined,
    placeholderData: keepPreviousData,
    // The cluster goes on: a plan is only as good as the moment in which it is made.
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });
  const isCurrent = text !== undefined && text === settled && !isPlaceholderData;
  return {
    plan: text === undefined ? undefined : data,
    error: isCurrent ? (error ?? undefined) : undefined,
    isCurrent,
  };
}

function useSettled(text: string | undefined): string | undefined {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = time.after(REST_MS, () => {
      setSettled(text);
    });
    return () => {
      timer.cancel();
    };
  }, [text]);
  return settled;
}
