export { adapter } from '../adapters/fake/adapter.ts';
