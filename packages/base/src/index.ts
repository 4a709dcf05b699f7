export { AssertionError, assert, assertNever } from './assert.ts';
export { DueQueue } from './due-queue.ts';
export { PlatformError, describeError, errorCode, type PlatformErrorOptions } from './errors.ts';
export type { Service } from './lifecycle.ts';
export { silentLogger, type LogFields, type Logger } from './log.ts';
export { LogVerbosity, answerToggle } from './log-verbosity.ts';
export { Mailbox } from './mailbox.ts';
export { SeededRandom, randomBelow, randomFraction, randomUuid, type Random } from './random.ts';
export { delay, every, type Clock, type TimerHandle, type Timers } from './time.ts';
