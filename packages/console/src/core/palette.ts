/** What the command palette offers for some words. */
import type { StateSlave } from '@stadion/contract/mesos-state';
import type { AppSummary } from '@stadion/contract/overview';
import type { Action } from './actions.ts';
import { distanceOf, wordsOf } from './closeness.ts';
import { DRAIN_MINUTES } from './node-actions.ts';

/** One line of the palette: it leads somewhere, or asks for an action. */
export interface PaletteCommand {
  readonly id: string;
  readonly kind: 'App' | 'Pod' | 'Node' | 'Page' | 'Do';
  readonly label: string;
  readonly href: string;
  readonly action?: Action;
}

const SHOWN_MAX = 40;

const PAGES: readonly (readonly [string, string])[] = [
  ['Overview', '/'],
  ['Apps', '/apps'],
  ['New app', '/new'],
  ['New pod', '/new?kind=pod'],
  ['Deployments', '/deployments'],
  ['Nodes', '/nodes'],
  ['Map', '/map'],
  ['Cluster', '/cluster'],
  ['Roles and quotas', '/cluster?tab=roles'],
  ['Tasks of the cluster', '/cluster?tab=tasks'],
  ['Configuration of the platform', '/cluster?tab=configuration'],
  ['Routes', '/routes'],
  ['Names', '/names'],
  ['Events', '/events'],
  ['API', '/api'],
];

const VERBS: readonly (readonly [string, (app: AppSummary) => Pick<PaletteCommand, 'href' | 'action'>])[] = [
  [
    'Scale',
    ({ id, instances }) => ({
      href: '',
      action: { kind: 'scale', appId: id, current: instances, wanted: instances, isStateful: false },
    }),
  ],
  ['Restart', ({ id, instances }) => ({ href: '', action: { kind: 'restart', appId: id, instances } })],
  ['Suspend', ({ id, instances }) => ({ href: '', action: { kind: 'suspend', appId: id, instances } })],
  ['Destroy', ({ id, instances }) => ({ href: '', action: { kind: 'destroy', appId: id, instances } })],
  ['Edit', ({ id }) => ({ href: `/edit${encodeURI(id)}` })],
  ['Logs of', ({ id }) => ({ href: `/app${encodeURI(id)}?tab=logs` })],
  ['Configuration of', ({ id }) => ({ href: `/app${encodeURI(id)}?tab=configuration` })],
  ['Events of', ({ id }) => ({ href: `/app${encodeURI(id)}?tab=events` })],
];

type Way = Pick<PaletteCommand, 'href' | 'action'>;

const POD_VERBS: readonly (readonly [string, (pod: PalettePod) => Way])[] = [
  ['Scale', ({ id, instances }) => doing({ kind: 'scale-pod', podId: id, current: instances, wanted: instances })],
  ['Destroy', ({ id, instances }) => doing({ kind: 'destroy-pod', podId: id, instances })],
  ['Edit', ({ id }) => ({ href: `/edit-pod${encodeURI(id)}` })],
];

const NODE_VERBS: readonly (readonly [string, (node: PaletteNode) => Way])[] = [
  ['Drain', ({ id, hostname }) => doing({ kind: 'drain', nodes: [{ agentId: id, hostname }], minutes: DRAIN_MINUTES })],
  ['Cordon', ({ id, hostname }) => doing({ kind: 'cordon', nodes: [{ agentId: id, hostname }] })],
  ['Uncordon', ({ id, hostname }) => doing({ kind: 'uncordon', nodes: [{ agentId: id, hostname }] })],
];

function doing(action: Action): Way {
  return { href: '', action };
}

interface PalettePod {
  readonly id: string;
  readonly instances: number;
}

type PaletteNode = Pick<StateSlave, 'id' | 'hostname'>;

/** What can be found. */
export interface PaletteObjects {
  readonly apps: readonly AppSummary[];
  readonly pods: readonly PalettePod[];
  readonly nodes: readonly PaletteNode[];
}

/** The best lines, the closest first. Words may be parts, in any order: `res web`. */
export function commandsFor(text: string, { apps, pods, nodes }: PaletteObjects): readonly PaletteCommand[] {
  const words = wordsOf(text);
  const found: { readonly command: PaletteCommand; readonly distance: number }[] = [];
  const offer = (command: PaletteCommand, bonus: number): void => {
    const distance = distanceOf(command.label.toLowerCase(), words);
    if (distance !== undefined) found.push({ command, distance: distance + bonus });
  };
  function offerVerbs<One>(verbs: readonly (readonly [string, (one: One) => Way])[], one: One, name: string): void {
    // A verb is meant by its own word: without one, thousands of lines would differ only in it.
    for (const [verb, make] of verbs) {
      const first = verb.toLowerCase().split(' ')[0] ?? '';
      if (!words.some((word) => first.startsWith(word))) continue;
      offer({ id: `${verb} ${name}`, kind: 'Do', label: `${verb} ${name}`, ...make(one) }, 2);
    }
  }
  for (const [label, href] of PAGES) offer({ id: `page ${href}`, kind: 'Page', label, href }, 0);
  for (const app of apps) {
    offer({ id: `app ${app.id}`, kind: 'App', label: app.id, href: `/app${encodeURI(app.id)}` }, 1);
    offerVerbs(VERBS, app, app.id);
  }
  for (const pod of pods) {
    offer({ id: `pod ${pod.id}`, kind: 'Pod', label: pod.id, href: `/pod${encodeURI(pod.id)}` }, 1);
    offerVerbs(POD_VERBS, pod, pod.id);
  }
  for (const node of nodes) {
    const { id, hostname } = node;
    offer({ id: `node ${id}`, kind: 'Node', label: hostname, href: `/node/${encodeURIComponent(id)}` }, 1);
    offerVerbs(NODE_VERBS, node, hostname);
  }
  return found
    .sort((left, right) => left.distance - right.distance || (left.command.label < right.command.label ? -1 : 1))
    .slice(0, SHOWN_MAX)
    .map(({ command }) => command);
}
