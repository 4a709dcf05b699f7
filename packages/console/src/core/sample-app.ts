/** An app that runs anywhere, for whoever has none yet. */
import type { AppInput } from '@stadion/contract/orchestrator';

/** Serves a page from its sandbox with what every system has. */
export const SAMPLE_APP: AppInput = {
  id: '/hello',
  cmd: 'echo "Hello from Stadion" > index.html && exec python3 -m http.server "$PORT0"',
  cpus: 0.1,
  mem: 64,
  instances: 2,
  portDefinitions: [{ port: 0, protocol: 'tcp', name: 'http' }],
  healthChecks: [{ protocol: 'HTTP', path: '/', portIndex: 0, intervalSeconds: 5, gracePeriodSeconds: 30 }],
  labels: { sample: 'true' },
};
