import { Readable } from 'node:stream';
import { silentLogger } from '@stadion/base';
import { systemTimers } from '@stadion/base/system';
import { Secret } from '@stadion/access';
import type { AgentAcceptor, AgentMessage, Link, MasterMessage } from '@stadion/contract/agent-link';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { HttpAcceptor, takeAgentLinks } from './http-acceptor.ts';
import { httpDialer } from './http-dialer.ts';

const SECRET = new Secret('the-secret-of-this-cluster');
const PING = { type: 'PING', registered: true } as const;
const PONG = { type: 'PONG' } as const;

const opened: { readonly http: FastifyInstance; readonly links: HttpAcceptor }[] = [];

interface TestMaster {
  readonly url: string;
  readonly acceptor: HttpAcceptor;
  readonly received: AgentMessage[];
  readonly closed: { count: number };
  link(): Link<MasterMessage>;
}

async function master(epoch: number): Promise<TestMaster> {
  const received: AgentMessage[] = [];
  const closed = { count: 0 };
  let last: Link<MasterMessage> | undefined;
  const acceptor: AgentAcceptor = {
    accept(link) {
      last = link;
      return { onMessage: (message) => received.push(message), onClosed: () => (closed.count += 1) };
    },
  };
  const http = Fastify({ forceCloseConnections: true });
  http.get('/big', (_request, reply) => {
    const megabyte = Buffer.alloc(1_048_576, 'x');
    return reply.send(Readable.from(Array.from({ length: 50 }, () => megabyte)));
  });
  const links = new HttpAcceptor(acceptor, epoch, silentLogger);
  opened.push({ http, links });
  takeAgentLinks(http.server, links, { secret: SECRET, ownNames: new Set() }, (_request, _socket, proceed) => {
    proceed();
  });
  const url = await http.listen({ host: '127.0.0.1', port: 0 });
  const link = (): Link<MasterMessage> => {
    if (last === undefined) throw new Error('no agent has dialled');
    return last;
  };
  return { url, acceptor: links, received, closed, link };
}

function dialer(urls: () => readonly string[], secret: Secret | undefined = SECRET) {
  return httpDialer({ masters: urls, secret, tls: undefined, timers: systemTimers, log: silentLogger });
}

describe('the link between agent and master over HTTP', () => {
  afterEach(async () => {
    for (const { http, links } of opened.splice(0)) {
      links.close();
      await http.close();
    }
  });

  test('carries messages both ways in order, large ones too, and tells both ends of its end', async () => {
    const { url, link, received, closed } = await master(3);
    const heard: MasterMessage[] = [];
    let isClosed = false;
    const agent = await dialer(() => [url]).dial({
      onMessage: (message) => heard.push(message),
      onClosed: () => {
        isClosed = true;
      },
    });
    const reason = 'ü'.repeat(3_000_000);
    link().send({ type: 'REJECTED', reason, shutdown: false });
    for (let index = 0; index < 100; index += 1) link().send(PING);
    for (let index = 0; index < 100; index += 1) agent.send(PONG);
    await expect.poll(() => [heard.length, received.length]).toEqual([101, 100]);
    expect(heard[0]).toEqual({ type: 'REJECTED', reason, shutdown: false });
    agent.close();
    await expect.poll(() => [isClosed, closed.count]).toEqual([true, 1]);
  });

  test('is not held up by a long answer to somebody who does not read it', async () => {
    const { url, link } = await master(3);
    const agentLink: { current: Link<AgentMessage> | undefined } = { current: undefined };
    let pings = 0;
    agentLink.current = await dialer(() => [url]).dial({
      onMessage: () => {
        pings += 1;
        agentLink.current?.send(PONG);
      },
      onClosed: () => undefined,
    });
    const slow = await Promise.all(Array.from({ length: 8 }, () => fetch(`${url}/big`)));
    for (let round = 1; round <= 50; round += 1) {
      link().send(PING);
      await expect.poll(() => pings).toBe(round);
    }
    for (const answer of slow) await answer.body?.cancel();
  });

  test('is refused with leaders of the past, and by masters that do not lead', async () => {
    const receiver = { onMessage: () => undefined, onClosed: () => undefined };
    const [old, young] = [await master(4), await master(5)];
    let urls = [young.url];
    const agent = dialer(() => urls);
    (await agent.dial(receiver)).close();
    urls = [old.url];
    await expect(agent.dial(receiver)).rejects.toThrow('leads under epoch 4, and 5 was met before');
    await expect(dialer(() => []).dial(receiver)).rejects.toThrow('nobody leads where --zk looks');
    young.acceptor.close();
    urls = [young.url];
    await expect(agent.dial(receiver)).rejects.toThrow('status 503');
  });
});
