import { EventEmitter } from 'node:events';
import { VirtualTime } from '@stadion/base/testing';
import { describe, expect, it } from 'vitest';
import { EndSignals, type EndSignal } from './end-signals.ts';

function hear() {
  const source = new EventEmitter();
  const time = new VirtualTime();
  const signals = new EndSignals(source, time);
  const heard: string[] = [];
  void signals.first.then((signal) => heard.push(`asked by ${signal}`));
  void signals.second.then((signal) => heard.push(`insisted by ${signal}`));
  const send = async (signal: EndSignal): Promise<void> => {
    source.emit(signal, signal);
    await time.advance(0);
  };
  return { source, time, signals, heard, send };
}

describe('the signals that end the platform', () => {
  it('are a wish first and impatience later', async () => {
    const { heard, send, time } = hear();
    await send('SIGTERM');
    await time.advance(500);
    await send('SIGINT');
    expect(heard).toEqual(['asked by SIGTERM', 'insisted by SIGINT']);
  });

  it('are one wish when the terminal and a parent send the same Ctrl-C', async () => {
    const { heard, send, time } = hear();
    await send('SIGINT');
    await time.advance(499);
    await send('SIGINT');
    expect(heard).toEqual(['asked by SIGINT']);
  });

  it('are the system’s again afterwards', () => {
    const { source, signals } = hear();
    signals.release();
    expect(source.eventNames()).toEqual([]);
  });
});
