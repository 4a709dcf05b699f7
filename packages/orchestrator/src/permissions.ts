/** What requests to the orchestrator need to be permitted. Of its own, for doors of rooms that have nothing else from here. */
export { appOfTask, requiredPermission } from './http/required-permission.ts';
