export type * from '@stadion/agent';
