export type { Nothing } from '@stadion/base/src/nothing.ts';
