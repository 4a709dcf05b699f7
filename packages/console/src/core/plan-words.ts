/** A plan in words. */
import type { PlanAnswer } from '@stadion/contract/orchestrator-extensions';
import { counted } from './amounts.ts';

/** Whether what a change adds would find places. */
export interface FitWords {
  readonly isGood: boolean;
  readonly sentences: readonly string[];
}

/** By what the nodes last offered. */
export function fitWords({ fit, fits }: Pick<PlanAnswer, 'fit' | 'fits'>): FitWords {
  const wanted = fit.reduce((sum, one) => sum + one.wanted, 0);
  if (fits) {
    if (wanted === 0) return { isGood: true, sentences: [] };
    const instances = wanted === 1 ? 'The new instance' : `All ${counted(wanted, 'new instance')}`;
    return { isGood: true, sentences: [`${instances} would find a place.`] };
  }
  return {
    isGood: false,
    sentences: fit
      .filter((one) => one.placeable < one.wanted)
      .map(
        ({ app, wanted: asked, placeable, reason }) =>
          `${fit.length === 1 ? '' : `${app}: `}Only ${String(placeable)} of ${counted(asked, 'new instance')} would find a place` +
          (reason === undefined ? '.' : `: ${reason}`),
      ),
  };
}
