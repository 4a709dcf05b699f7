export { silentLogger } from '../../../../../../packages/base/src/log.ts';
