/** An app and a pod that run anywhere, for whoever has none yet. */
import type { AppInput } from '@stadion/contract/orchestrator';
import type { JsonObject } from './app-draft.ts';

/** Serves a page from its sandbox with what every system has. */
export const SAMPLE_APP: AppInput & JsonObject = {
  id: '/hello',
  cmd: 'echo "Hello from Stadion" > index.html && exec python3 -m http.server "$PORT0"',
  cpus: 0.1,
  mem: 64,
  instances: 2,
  portDefinitions: [{ port: 0, protocol: 'tcp', name: 'http' }],
  healthChecks: [{ protocol: 'HTTP', path: '/', portIndex: 0, intervalSeconds: 5, gracePeriodSeconds: 30 }],
  labels: { sample: 'true' },
};

/** A server of pages, and beside it one that asks it. */
export const SAMPLE_POD: JsonObject = {
  id: '/hello-pod',
  scaling: { kind: 'fixed', instances: 1 },
  containers: [
    {
      name: 'web',
      exec: { command: { shell: 'echo "Hello" > index.html && exec python3 -m http.server "$ENDPOINT_HTTP"' } },
      resources: { cpus: 0.1, mem: 64 },
      endpoints: [{ name: 'http', hostPort: 0 }],
      healthCheck: { http: { endpoint: 'http', path: '/' }, intervalSeconds: 5, gracePeriodSeconds: 30 },
    },
    {
      name: 'watcher',
      exec: { command: { shell: 'while date; do sleep 5; done' } },
      resources: { cpus: 0.1, mem: 32 },
    },
  ],
};
