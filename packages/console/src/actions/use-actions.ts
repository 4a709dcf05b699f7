/** How pages ask for something to be done: a dialog says what will happen, and does it when that is confirmed. */
import { createContext, use } from 'react';
import type { Action } from '../core/actions.ts';

/** Set by {@link ActionProvider}. */
export const ActionContext = createContext<((action: Action) => void) | undefined>(undefined);

/** Asks whether an action is to be carried out. */
export function useAsk(): (action: Action) => void {
  const ask = use(ActionContext);
  if (ask === undefined) throw new Error('Nobody can be asked outside of the frame');
  return ask;
}
