/** The cache of answers. What is pushed stays fresh by itself; nothing is asked again on a whim. */
import { QueryClient } from '@tanstack/react-query';
import { isApiError } from '@stadion/contract/client';

/** A refusal is final; a platform that is away is asked again. */
function retries(failureCount: number, error: Error): boolean {
  return !isApiError(error) && failureCount < 2;
}

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Infinity,
      gcTime: 60_000,
      retry: retries,
      refetchOnWindowFocus: false,
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
});
