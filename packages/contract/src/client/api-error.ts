/** What a peer's refusal looks like to a caller. */
import { PlatformError } from '@stadion/base';
import type { ErrorAnswer } from '../orchestrator/answers.ts';

/** A call that was answered with a status of 400 or above. Told apart by {@link isApiError}. */
export class ApiError extends PlatformError {
  /** The HTTP status. */
  readonly status: number;
  /** The body, or one made from the status where the peer sent none in this shape. */
  readonly answer: ErrorAnswer;

  /** @param request the method and path of the call, for people */
  constructor(status: number, answer: ErrorAnswer, request: string) {
    super('api-refused', answer.message, { details: { status, request }, retryable: status >= 500 });
    this.status = status;
    this.answer = answer;
  }
}

/** Whether a call failed because the peer said no. */
export function isApiError(error: unknown): error is ApiError {
  return error instanceof PlatformError && error.code === 'api-refused';
}
