/** The demo service as a descriptor for Docker, in the form that Marathon took before 1.5: many still send it. */
import type { AppInput } from '@stadion/contract/orchestrator';

export const demoApp: AppInput = {
  id: '/demo',
  cpus: 0.5,
  mem: 512,
  instances: 1,
  container: {
    type: 'DOCKER',
    docker: {
      image: 'santanusinha/docker-demo-service',
      network: 'BRIDGE',
      portMappings: [
        { containerPort: 8080, hostPort: 0, protocol: 'tcp' },
        { containerPort: 8081, hostPort: 0, protocol: 'tcp' },
      ],
    },
  },
  env: { ZK_CONNECTION_STRING: 'zk-server1' },
  labels: { 'traefik.portIndex': '0', 'traefik.enable': 'true' },
  healthChecks: [{ protocol: 'HTTP', path: '/healthcheck', portIndex: 1 }],
};
