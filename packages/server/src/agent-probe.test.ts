import { createServer, type Server } from 'node:net';
import { createServer as createHttpServer } from 'node:http';
import { systemTimers } from '@stadion/base/system';
import { VirtualTime } from '@stadion/base/testing';
import type { AgentInfo } from '@stadion/contract/agent-link';
import { afterEach, expect, test } from 'vitest';
import { agentProbe } from './agent-probe.ts';
import { AGENT_PROBE_MS_MAX } from './limits.ts';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function at(server: Server): Promise<AgentInfo> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { hostname: 'a', ip: '127.0.0.1', port, resources: [], attributes: [], version: '1.11.0', containerizers: [] };
}

test('takes any answer for a sign of life, a refusal too', async () => {
  const agent = await at(
    createHttpServer((_request, response) => {
      response.writeHead(401).end();
    }),
  );
  expect(await agentProbe(undefined, systemTimers)(agent)).toBe('alive');
});

test.each(['not an address', '', 'a:b:c'])('takes an address that is none for silence: %s', async (ip) => {
  const agent = { ...(await at(createServer())), ip };
  expect(await agentProbe(undefined, systemTimers)(agent)).toBe('silent');
});

test('takes none for none: where nobody listens, and where connections are accepted and nothing is said', async () => {
  const time = new VirtualTime();
  const probe = agentProbe(undefined, time);
  const gone = await at(createServer());
  await new Promise((resolve) => servers.pop()?.close(resolve));
  expect(await probe(gone)).toBe('refused');
  let accepted: (() => void) | undefined;
  const isAccepted = new Promise<void>((resolve) => (accepted = resolve));
  const hung = await at(
    createServer((socket) => {
      socket.on('error', () => undefined).resume();
      accepted?.();
    }),
  );
  const answer = probe(hung);
  await isAccepted;
  await time.advance(AGENT_PROBE_MS_MAX);
  expect(await answer).toBe('silent');
});
