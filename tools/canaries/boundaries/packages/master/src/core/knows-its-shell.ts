import type { one } from '../one.ts';

export type Shell = typeof one;
