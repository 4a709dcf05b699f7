/** What has which names, without servers and sockets: for the simulator. */
export { rfc1123Label } from './core/labels.ts';
export { TaskNews } from './core/task-news.ts';
export { ZoneKeeper, recordsOfTask } from './core/zone-keeper.ts';
