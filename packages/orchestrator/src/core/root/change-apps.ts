/** Commands on apps that need no definition: delete, restart, and scale down by what was killed. */
import { stampRestart, stampVersion } from '../app/app-version.ts';
import { specOf } from '../app/spec.ts';
import { changed, noSuchApp, rejected, type Change } from './change.ts';

/** Stops and forgets an app. */
export function deleteApp(id: string): Change {
  return (root) => (root.app(id) === undefined ? noSuchApp(id) : changed([], { removals: [id] }));
}

/** Replaces every task of an app, rolling. */
export function restartApp(id: string): Change {
  return (root, version) => {
    const app = root.app(id);
    return app === undefined ? noSuchApp(id) : changed([stampRestart(app, version)]);
  };
}

/**
 * Lowers the instances of apps, never below 0.
 * @param lessById how many fewer, by app id
 */
export function scaleDown(lessById: ReadonlyMap<string, number>): Change {
  return (root, version) => {
    const upserts = [];
    for (const [id, less] of lessById) {
      const app = root.app(id);
      if (app === undefined) return rejected({ kind: 'not-found', message: `Path '${id}' does not exist` });
      const scaled = stampVersion({ ...specOf(app), instances: Math.max(0, app.instances - less) }, app, version);
      if (scaled !== app) upserts.push(scaled);
    }
    return changed(upserts);
  };
}
