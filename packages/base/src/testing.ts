/** Stand-ins for time, for tests and the simulator. */
export { VirtualTime } from './virtual-time.ts';
