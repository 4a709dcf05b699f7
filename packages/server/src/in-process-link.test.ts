import { VirtualTime } from '@stadion/base/testing';
import type { AgentMessage, Link, LinkReceiver, MasterMessage } from '@stadion/contract/agent-link';
import { describe, expect, it } from 'vitest';
import { inProcessDialer } from './in-process-link.ts';

async function openLink() {
  const time = new VirtualTime();
  const heard: string[] = [];
  let masterEnd: Link<MasterMessage> | undefined;
  const dialer = inProcessDialer(
    {
      accept(link): LinkReceiver<AgentMessage> {
        masterEnd = link;
        return {
          onMessage: (message) => heard.push(`master hears ${message.type}`),
          onClosed: () => heard.push('master is told of the end'),
        };
      },
    },
    time,
  );
  const agentEnd = await dialer.dial({
    onMessage: (message) => heard.push(`agent hears ${message.type}`),
    onClosed: () => heard.push('agent is told of the end'),
  });
  return { time, heard, agentEnd, masterEnd };
}

describe('the link inside one process', () => {
  it('delivers both ways, in later turns', async () => {
    const { time, heard, agentEnd, masterEnd } = await openLink();
    agentEnd.send({ type: 'PONG' });
    masterEnd?.send({ type: 'PING', registered: true });
    expect(heard).toEqual([]);
    await time.advance(0);
    expect(heard.sort()).toEqual(['agent hears PING', 'master hears PONG']);
  });

  it('tells both ends once when either closes it, and delivers nothing afterwards', async () => {
    const { time, heard, agentEnd, masterEnd } = await openLink();
    agentEnd.send({ type: 'PONG' });
    masterEnd?.close();
    agentEnd.close();
    agentEnd.send({ type: 'PONG' });
    await time.advance(10);
    expect(heard.sort()).toEqual(['agent is told of the end', 'master is told of the end']);
  });
});
