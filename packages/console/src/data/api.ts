/** The one client of the API. The console uses nothing else to reach the platform. */
import { createOrchestratorClient } from '@stadion/contract/client';

export const api = createOrchestratorClient({
  baseUrl: globalThis.location.origin,
  advice: 'Is the platform still running? The console tries again by itself.',
});
