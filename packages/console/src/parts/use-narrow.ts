/** Whether the window is as narrow as a phone. */
import { useSyncExternalStore } from 'react';

const query = globalThis.matchMedia('(max-width: 45rem)');

function subscribe(listener: () => void): () => void {
  query.addEventListener('change', listener);
  return () => {
    query.removeEventListener('change', listener);
  };
}

/** True below 720 pixels. */
export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => query.matches);
}
