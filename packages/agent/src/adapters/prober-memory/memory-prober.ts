/** A prober that asks a script instead of the network. */
import type { ProbeAnswer } from '../../core/probe.ts';
import type { Prober, ProbeRequest } from '../../ports/prober.ts';

/** By default every probe succeeds. */
export class MemoryProber implements Prober {
  private readonly answer: (request: ProbeRequest) => ProbeAnswer | Promise<ProbeAnswer>;

  constructor(answer: (request: ProbeRequest) => ProbeAnswer | Promise<ProbeAnswer> = succeed) {
    this.answer = answer;
  }

  async probe(request: ProbeRequest): Promise<ProbeAnswer> {
    return this.answer(request);
  }

  async close(): Promise<void> {
    // Nothing is under way.
  }
}

function succeed(request: ProbeRequest): ProbeAnswer {
  switch (request.kind) {
    case 'http':
      return { kind: 'http', status: 200, contentType: 'text/plain', body: '' };
    case 'tcp':
      return { kind: 'tcp' };
    case 'command':
      return { kind: 'command', exitCode: 0 };
  }
}
