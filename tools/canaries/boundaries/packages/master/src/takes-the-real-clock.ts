export { systemClock } from '@stadion/base/system';
