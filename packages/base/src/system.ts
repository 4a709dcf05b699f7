/** The real clock, timers and randomness of this process: for composition roots only, never for a `core/`. */
export { SystemRandom } from './system-random.ts';
export { systemClock, systemTimers } from './system-time.ts';
