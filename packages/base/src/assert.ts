/** Assertions for programmer errors. They stay on in production: nobody catches them, the process stops and restarts. */

/** Thrown when the program itself is wrong. Never thrown for bad input or a failing outside world. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/**
 * States a fact that must hold.
 * @param condition what must be true
 * @param message what is broken when it is not; a function is only called on failure, so it may be costly
 * @throws AssertionError when the condition is false
 */
export function assert(condition: unknown, message: string | (() => string)): asserts condition {
  if (!condition) throw new AssertionError(typeof message === 'string' ? message : message());
}

/**
 * Closes an exhaustive `switch`: a new variant becomes a compile error at this call.
 * @throws AssertionError always, should it be reached at run time
 */
export function assertNever(value: never, context: string): never {
  throw new AssertionError(`${context}: unexpected variant ${JSON.stringify(value)}`);
}
