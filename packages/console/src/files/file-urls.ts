/** Addresses of files of a sandbox. */
import { orchestratorRoutes } from '@stadion/contract/orchestrator';
import type { FilePlace } from './use-file-tail.ts';

/** Where a browser downloads a file: on our own port, which passes the agent's answer on. */
export function downloadUrl({ agentId, path }: FilePlace): string {
  const route = orchestratorRoutes.downloadFile.path.replace('{agentId}', encodeURIComponent(agentId));
  return `${route}?path=${encodeURIComponent(path)}`;
}
