/** What requests to the orchestrator need to be permitted. Of its own, for doors of rooms that have nothing else from here. */
export { appOfTask } from './core/instance-ids.ts';
export { appsOfFiles, requiredPermission } from './http/required-permission.ts';
