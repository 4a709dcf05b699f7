/** A canary at the edge: its share of the requests, and that it is taken back when it answers with errors. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningPlatform, callJson, waitFor } from './support/running-platform.ts';

const PORTS = ['http', 'https', 'admin'].flatMap((name) => [`--edge-${name}-port`, '0']);
const HOST = 'canary.example.com';
const LIMIT_MS = 120_000;
const missing = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');
const planes = ['embedded', 'haproxy'].filter((plane) => !missing.includes(plane));

/** A service that answers with one status, and says which version it is. */
function service(status: number): Record<string, unknown> {
  const text = `require('http').createServer((q,s)=>{s.writeHead(${status},{'x-status':'${status}'});s.end()}).listen(process.env.PORT0)`;
  return {
    id: '/shop',
    cmd: `exec node -e "${text}"`,
    cpus: 0.05,
    mem: 64,
    instances: 3,
    portDefinitions: [{ port: 0, protocol: 'tcp', name: 'http' }],
    labels: { 'traefik.enable': 'true', 'traefik.http.routers.shop.rule': `Host(\`${HOST}\`)` },
    healthChecks: [{ protocol: 'TCP', portIndex: 0, intervalSeconds: 1, gracePeriodSeconds: 60, timeoutSeconds: 10 }],
    upgradeStrategy: {
      ...{ minimumHealthCapacity: 1, maximumOverCapacity: 0.34 },
      canary: { instances: 1, weight: 20 },
      rollback: { edge: { errorPercent: 10, minRequests: 20 } },
    },
  };
}

describe.each(planes)('a canary at the %s edge', (plane) => {
  let platform: RunningPlatform;
  beforeAll(async () => {
    platform = await RunningPlatform.start(['--edge', plane, '--edge-workers', '1', '--drain-seconds', '0', ...PORTS]);
    await platform.change('POST', '/v2/apps', service(200), 60_000);
  }, LIMIT_MS);
  afterAll(() => platform.dispose(), LIMIT_MS);

  /** Asks so often; how often each status came. */
  async function ask(times: number): Promise<Record<number, number>> {
    const { hostname, port } = new URL(platform.addresses.edgeHttp);
    const counts: Record<number, number> = {};
    for (let count = 0; count < times; count += 1) {
      const status = await new Promise<number>((resolve, reject) => {
        const asking = request({ hostname, port, headers: { host: HOST } });
        asking.once('response', (answer) => resolve(answer.resume().statusCode ?? 0)).once('error', reject);
        asking.end();
      });
      counts[status] = (counts[status] ?? 0) + 1;
    }
    return counts;
  }

  /** The weights of the servers that are up, the least first. */
  async function weights(): Promise<readonly number[]> {
    const { body } = await callJson(`${platform.addresses.orchestrator}/v2/edge/routes`);
    const servers: { state: string; weight: number }[] = body.routes[0]?.servers ?? [];
    return servers.flatMap(({ state, weight }) => (state === 'up' ? weight : [])).sort((left, right) => left - right);
  }

  it(
    'has its share while it is alone, and as much as the others once it is promoted',
    async () => {
      await waitFor('three serve', async () => (await weights()).join() === '1,1,1');
      const { body } = await platform.call('PUT', '/v2/apps/shop', service(204));
      // It has replaced one: with two old ones a fifth is 1 of 5 parts, and each of them has 2.
      await waitFor('the canary serves with its share', async () => (await weights()).join() === '1,2,2', 60_000);
      const counts = await ask(100);
      expect(counts[204]).toBeGreaterThan(10);
      expect(counts[204]).toBeLessThan(30);
      await platform.call('POST', `/v2/deployments/${String(body.deploymentId)}/promote`);
      await platform.settled(60_000);
      await waitFor('all have the same', async () => (await weights()).join() === '1,1,1');
      expect(await ask(20)).toEqual({ 204: 20 });
    },
    LIMIT_MS,
  );

  it(
    'is taken back when too much of what it is sent fails',
    async () => {
      const { body } = await platform.call('PUT', '/v2/apps/shop', service(503));
      await waitFor('the canary serves with its share', async () => (await weights()).join() === '1,2,2', 60_000);
      const record = await waitFor(
        'the deployment has failed',
        async () => {
          await ask(20);
          const { body: found } = await platform.call('GET', `/v2/deployment-records/${String(body.deploymentId)}`);
          return found.outcome === 'failed' ? found : undefined;
        },
        60_000,
      );
      expect(record.reason).toMatch(/^failed by the edge: \d+ of \d+ requests to the new version failed, 10 % may/);
      await platform.settled(60_000);
      await waitFor('only the old version serves', async () => (await weights()).join() === '1,1,1');
      expect(await ask(20)).toEqual({ 204: 20 });
    },
    LIMIT_MS,
  );
});
