import { Mailbox, type Clock, type Timers } from '@stadion/base';
import type { AgentMessage } from '@stadion/contract/agent-link';
import { describe, expect, it } from 'vitest';
import { AgentLinks } from './agent-links.ts';
import type { LedgerInput } from './core/cluster/exchange.ts';

const REGISTER: AgentMessage = {
  type: 'REGISTER',
  agent: { hostname: 'a', ip: '10.0.0.1', port: 5051, resources: [], attributes: [], version: '1', containerizers: [] },
  tasks: [],
  frameworks: [],
};

/** A loop of one's own, in which every look at the clock costs ten milliseconds: no turn does much. */
class SlowTime implements Clock, Timers {
  private readonly due: (() => void)[] = [];
  private clock = 0;

  now(): number {
    return this.monotonic();
  }

  monotonic(): number {
    return (this.clock += 10);
  }

  after(_delayMs: number, callback: () => void): { cancel(): void } {
    this.due.push(callback);
    return { cancel: () => undefined };
  }

  /** One turn of the loop; false when there is nothing to do. */
  turn(): boolean {
    const due = this.due.splice(0);
    for (const callback of due) callback();
    return due.length > 0;
  }
}

function stage() {
  const time = new SlowTime();
  const applied: LedgerInput[] = [];
  const heard = new Set<number>();
  const apply = (input: LedgerInput): void => void applied.push(input);
  const inbox = new Mailbox<LedgerInput>(time, apply);
  const links = new AgentLinks({ time, inbox, apply, heard: (link) => heard.add(link) });
  const open = () => links.accept({ send: () => undefined, close: () => undefined });
  return { time, applied, heard, inbox, open };
}

describe('the links of agents', () => {
  it('let others have their turn while a thousand agents come', () => {
    const { time, applied, inbox, open } = stage();
    for (let agent = 0; agent < 1_000; agent += 1) open().onMessage(REGISTER);
    inbox.post({ type: 'heartbeat' });
    for (let turns = 0; turns < 3; turns += 1) time.turn();
    expect(applied).toContainEqual({ type: 'heartbeat' });
    expect(applied.length).toBeLessThan(200);
  });

  it('keep the order of what comes over each, and hear of it at once', () => {
    const { time, applied, heard, open } = stage();
    const wanted = ['link-opened', 'REGISTER', 'PONG', 'UNREGISTER', 'link-closed'];
    for (let agent = 0; agent < 50; agent += 1) open().onMessage(REGISTER);
    const link = open();
    for (const message of [REGISTER, { type: 'PONG' }, { type: 'UNREGISTER' }] as const) link.onMessage(message);
    expect(heard.has(51)).toBe(true);
    link.onClosed();
    while (time.turn());
    const own = applied.filter((input) => 'link' in input && input.link === 51);
    expect(own.map((input) => (input.type === 'agent-message' ? input.message.type : input.type))).toEqual(wanted);
  });

  it('hand on what comes over one that has arrived with everything else', () => {
    const { time, applied, open } = stage();
    const link = open();
    link.onMessage(REGISTER);
    while (time.turn());
    for (let agent = 0; agent < 1_000; agent += 1) open().onMessage(REGISTER);
    link.onMessage({ type: 'PONG' });
    for (let turns = 0; turns < 3; turns += 1) time.turn();
    expect(applied).toContainEqual({ type: 'agent-message', link: 1, message: { type: 'PONG' } });
  });
});
