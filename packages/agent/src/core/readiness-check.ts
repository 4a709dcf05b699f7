/** Readiness of one task by one check: asked until it first says ready, as Marathon's readiness checks are. */
import type { ReadinessCheckInfo, ReadinessResult } from '@stadion/contract/mesos';

/** An HTTP answer. A connection that failed counts as status 504 with the reason as text. */
export interface ReadinessResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** What is known by one readiness check; `asked` is false before the first answer. */
export interface ReadinessState {
  readonly asked: boolean;
  readonly ready: boolean;
  readonly response?: ReadinessResponse;
}

/** Nothing is known yet. */
export const UNKNOWN_READINESS: ReadinessState = { asked: false, ready: false };

/** Applies one answer: the new state, and whether it differs from what was reported before. */
export function applyReadinessProbe(
  check: ReadinessCheckInfo,
  state: ReadinessState,
  response: ReadinessResponse,
): { readonly state: ReadinessState; readonly report: boolean } {
  if (state.ready) return { state, report: false };
  const ready = check.http_status_codes_for_ready.includes(response.status);
  const kept = check.preserve_last_response ? response : undefined;
  const next: ReadinessState = { asked: true, ready, ...(kept === undefined ? {} : { response: kept }) };
  const changed = !state.asked || state.ready !== ready || !sameResponse(state.response, kept);
  return { state: next, report: changed };
}

/** The results for the wire, in the order of the checks; a check that was not answered yet is left out. */
export function toReadinessResults(
  checks: readonly ReadinessCheckInfo[],
  states: readonly ReadinessState[],
): ReadinessResult[] {
  const results: ReadinessResult[] = [];
  checks.forEach((check, index) => {
    const state = states[index];
    if (state?.asked !== true) return;
    const { response } = state;
    results.push({
      name: check.name,
      ready: state.ready,
      ...(response === undefined
        ? {}
        : { last_response: { status: response.status, content_type: response.contentType, body: response.body } }),
    });
  });
  return results;
}

function sameResponse(left: ReadinessResponse | undefined, right: ReadinessResponse | undefined): boolean {
  return left?.status === right?.status && left?.contentType === right?.contentType && left?.body === right?.body;
}
