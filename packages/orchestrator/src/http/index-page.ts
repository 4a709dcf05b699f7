/** The start page: what runs, with links, in plain HTML without a script. */
import type { EngineView } from '../engine.ts';
import type { Answer } from './answer.ts';
import { INDEX_APPS_MAX } from './limits.ts';
import { countTasks } from './task-view.ts';

const LINKS = ['/v2/apps', '/v2/groups', '/v2/tasks', '/v2/deployments', '/v2/queue', '/v2/info', '/metrics'];

/** The page for the state as of now. */
export function indexPage(view: EngineView): Answer {
  const rows: string[] = [];
  let more = 0;
  for (const app of view.root.apps()) {
    if (rows.length >= INDEX_APPS_MAX) {
      more += 1;
      continue;
    }
    const { running, healthy, unhealthy } = countTasks(view.instances(app.id));
    const id = escapeHtml(app.id);
    const deployments = view.deploymentsOf(app.id).length;
    rows.push(
      `<tr><td><a href="/v2/apps${id}">${id}</a></td><td>${String(running)} of ${String(app.instances)}</td>` +
        `<td>${String(healthy)}</td><td>${String(unhealthy)}</td><td>${String(deployments)}</td></tr>`,
    );
  }
  const none = rows.length === 0 ? '<p>No apps run yet.</p>' : '';
  const rest = more === 0 ? '' : `<p>… and ${String(more)} more: <a href="/v2/apps">/v2/apps</a></p>`;
  const links = LINKS.map((link) => `<a href="${link}">${link}</a>`).join(' · ');
  const text = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Stadion</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem; color: #1b1f24; background: #fff }
table { border-collapse: collapse }
th, td { text-align: left; padding: 0.25rem 1.5rem 0.25rem 0; border-bottom: 1px solid #d8dee4 }
@media (max-width: 40rem) { body { margin: 1rem } table { display: block; overflow-x: auto; font-size: 0.85rem } th, td { padding-right: 0.75rem } }
@media (prefers-color-scheme: dark) { body { color: #e6edf3; background: #0d1117 } a { color: #7ab8ff } }
</style>
</head>
<body>
<h1>Stadion</h1>
<table>
<thead><tr><th>App</th><th>Running</th><th>Healthy</th><th>Unhealthy</th><th>Deployments</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
${none}${rest}
<p>${links}</p>
</body>
</html>
`;
  return { status: 200, body: { kind: 'text', text, contentType: 'text/html; charset=utf-8' } };
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES.get(character) ?? character);
}
