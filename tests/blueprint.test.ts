/** The blueprint's own descriptor: accepted, canonical, and an honest answer to why it waits. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningPlatform, waitFor } from './support/running-platform.ts';

describe('the blueprint’s Docker descriptor on a machine without Docker', () => {
  let platform: RunningPlatform;
  beforeAll(async () => {
    platform = await RunningPlatform.start();
    const text = await readFile(join(import.meta.dirname, '..', 'examples', 'demo-docker-app.json'), 'utf8');
    const answer = await platform.call('POST', '/v2/apps', text);
    expect(answer.status).toBe(201);
  });
  afterAll(async () => {
    await platform.dispose();
  });

  it('is given back in canonical form', async () => {
    const { body } = await platform.call('GET', '/v2/apps/demo');
    expect(body.app.networks).toEqual([{ mode: 'container/bridge' }]);
    expect(body.app.container.docker).toEqual({
      image: 'santanusinha/docker-demo-service',
      forcePullImage: false,
      privileged: false,
      parameters: [],
    });
    expect(body.app.container.portMappings.map((mapping: { containerPort: number }) => mapping.containerPort)).toEqual([
      8080, 8081,
    ]);
    for (const mapping of body.app.container.portMappings) {
      expect(mapping.hostPort).toBe(0);
      expect(mapping.servicePort).toBeGreaterThanOrEqual(10_000);
    }
    expect(body.app.healthChecks[0]).toMatchObject({ portIndex: 1, path: '/healthcheck', gracePeriodSeconds: 300 });
    expect(body.app.portDefinitions).toBeUndefined();
  });

  it('waits, and the queue says exactly why', async () => {
    const item = await waitFor('the queue has looked at an agent', async () => {
      const { body } = await platform.call('GET', '/v2/queue?embed=lastUnusedOffers&extensions=true');
      return body.queue.find((entry: { why?: { agents: number } }) => (entry.why?.agents ?? 0) > 0);
    });
    expect(item.app.id).toBe('/demo');
    expect(item.count).toBe(1);
    expect(item.why.summary).toMatch(/no agent has Docker/i);
    expect(item.processedOffersSummary.rejectSummaryLastOffers).toHaveLength(10);
    expect((await platform.call('GET', '/v2/deployments')).body).toHaveLength(1);
  });

  it('and so does the command line', async () => {
    const why = await platform.cli('app', 'why', '/demo');
    expect(why.code).toBe(0);
    expect(why.stdout).toMatch(/no agent has Docker/i);
  });
});
