/** What probes are made of a task's checks, and what their answers mean. */
import type { HealthCheckInfo } from '@stadion/contract/mesos';
import { PROBE_CAUSE_CHARS_MAX, READINESS_BODY_BYTES_MAX } from '../limits.ts';
import type { ProbeOutcome } from './health-check.ts';
import type { ReadinessResponse } from './readiness-check.ts';

/** What came back. `failed`: no answer at all, with a sentence why. */
export type ProbeAnswer =
  | { readonly kind: 'http'; readonly status: number; readonly contentType: string; readonly body: string }
  | { readonly kind: 'tcp' }
  | { readonly kind: 'command'; readonly exitCode: number }
  | { readonly kind: 'failed'; readonly cause: string };

/** Judges the answer to a health probe: HTTP 200-399, a TCP connection, exit status 0. */
export function judgeHealth(check: HealthCheckInfo, answer: ProbeAnswer): ProbeOutcome {
  switch (answer.kind) {
    case 'http': {
      if (answer.status >= 200 && answer.status < 400) return { kind: 'passed' };
      if (answer.status < 200 && check.ignore_http_1xx === true) return { kind: 'ignored' };
      return { kind: 'failed', cause: `the answer was HTTP status ${answer.status}` };
    }
    case 'tcp':
      return { kind: 'passed' };
    case 'command':
      return answer.exitCode === 0
        ? { kind: 'passed' }
        : { kind: 'failed', cause: `the command exited with status ${answer.exitCode}` };
    case 'failed':
      return { kind: 'failed', cause: answer.cause.slice(0, PROBE_CAUSE_CHARS_MAX) };
  }
}

/** Takes the answer to a readiness probe for a response; no answer counts as 504 (Marathon's rule). */
export function toReadinessResponse(answer: ProbeAnswer): ReadinessResponse {
  if (answer.kind === 'http') {
    return {
      status: answer.status,
      contentType: answer.contentType,
      body: answer.body.slice(0, READINESS_BODY_BYTES_MAX),
    };
  }
  const cause = answer.kind === 'failed' ? answer.cause : 'no HTTP answer';
  return { status: 504, contentType: 'text/plain', body: cause.slice(0, PROBE_CAUSE_CHARS_MAX) };
}

/** Where a task is asked: the agent's address, then loopback. */
export function probeAddresses(agentIp: string, protocol: 'IPv4' | 'IPv6' | undefined): readonly string[] {
  if (protocol === 'IPv6') return agentIp.includes(':') ? [agentIp, '::1'] : ['::1'];
  return agentIp === '127.0.0.1' ? ['127.0.0.1'] : [agentIp, '127.0.0.1'];
}
