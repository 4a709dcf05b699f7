/** Operational failures: the outside world said no. Decisions return unions instead; bugs assert. */

/** What a {@link PlatformError} carries besides its message. */
export interface PlatformErrorOptions {
  /** Facts about this occurrence (paths, ids, limits), for logs and API answers. Never secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** True when the same call may succeed later without anybody changing anything. */
  readonly retryable?: boolean;
  /** The original failure; it is not repeated in the message. */
  readonly cause?: unknown;
}

/** A failure of a socket, disk, peer or child process. Compare by `code`, never by message or class. */
export class PlatformError extends Error {
  override readonly name = 'PlatformError';
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly retryable: boolean;

  /**
   * @param code stable kebab-case code, append-only, e.g. `store-locked`
   * @param message a sentence that says what happened and what to do
   */
  constructor(code: string, message: string, options: PlatformErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
    this.retryable = options.retryable ?? false;
  }
}

/** The code of a PlatformError or of a Node system error (`ENOENT`), or undefined. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The message of anything thrown, with the messages of its causes appended, for the one place that logs it. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; current !== undefined && current !== null && depth < 8; depth += 1) {
    parts.push(messageOf(current));
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(': ');
}

function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  return typeof thrown === 'string' ? thrown : `something was thrown that is no error (${typeof thrown})`;
}
