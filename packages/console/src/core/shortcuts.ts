/** Which key does what. */

/** What can be opened over a page. */
export type Overlay = 'palette' | 'keys' | 'group';

/** What a key does. */
export type Command =
  | {
      readonly kind: 'go';
      readonly to: '/' | '/apps' | '/deployments' | '/nodes' | '/map' | '/cluster' | '/events' | '/new' | '/api';
    }
  | { readonly kind: 'show'; readonly what: Overlay }
  /** Goes on to the editor of the app or pod that is looked at. */
  | { readonly kind: 'edit' }
  | { readonly kind: 'search' };

/** A shortcut as it is listed. */
export interface Shortcut {
  readonly keys: readonly string[];
  readonly label: string;
  readonly command?: Command;
}

/** All of them; those without a command work inside of something. */
export const SHORTCUTS: readonly Shortcut[] = [
  { keys: ['Ctrl', 'K'], label: 'Find anything, do anything', command: { kind: 'show', what: 'palette' } },
  { keys: ['s'], label: 'Search in this list', command: { kind: 'search' } },
  { keys: ['c'], label: 'New app', command: { kind: 'go', to: '/new' } },
  { keys: ['Shift', 'c'], label: 'New group', command: { kind: 'show', what: 'group' } },
  { keys: ['e'], label: 'Edit this app or pod', command: { kind: 'edit' } },
  { keys: ['g', 'o'], label: 'Overview', command: { kind: 'go', to: '/' } },
  { keys: ['g', 'a'], label: 'Apps', command: { kind: 'go', to: '/apps' } },
  { keys: ['g', 'd'], label: 'Deployments', command: { kind: 'go', to: '/deployments' } },
  { keys: ['g', 'n'], label: 'Nodes', command: { kind: 'go', to: '/nodes' } },
  { keys: ['g', 'm'], label: 'Map', command: { kind: 'go', to: '/map' } },
  { keys: ['g', 'c'], label: 'Cluster', command: { kind: 'go', to: '/cluster' } },
  { keys: ['g', 'e'], label: 'Events', command: { kind: 'go', to: '/events' } },
  { keys: ['Shift', ','], label: 'About this cluster', command: { kind: 'go', to: '/cluster' } },
  { keys: ['g', 'i'], label: 'The API, described', command: { kind: 'go', to: '/api' } },
  { keys: ['↑', '↓'], label: 'Walk through the rows of a table' },
  { keys: ['Ctrl', 'Enter'], label: 'Deploy what is written in the editor' },
  { keys: ['Esc'], label: 'Close' },
  { keys: ['?'], label: 'This list', command: { kind: 'show', what: 'keys' } },
];

/** A key as it was pressed. */
export interface PressedKey {
  readonly key: string;
  /** The place on the keyboard, e.g. `Comma`. */
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/**
 * What a key does.
 * @param before the key pressed just before, or an empty text
 * @param isTyping whether the key goes into a field: then only those with Ctrl count
 */
export function shortcutOf(pressed: PressedKey, before: string, isTyping: boolean): Command | undefined {
  const { key, ctrlKey, metaKey, altKey } = pressed;
  if ((ctrlKey || metaKey) && key.toLowerCase() === 'k') return { kind: 'show', what: 'palette' };
  if (isTyping || ctrlKey || metaKey || altKey) return undefined;
  const sequence = before === 'g' ? ['g', key] : keysOf(pressed);
  return SHORTCUTS.find(({ keys }) => keys.join(' ') === sequence.join(' '))?.command;
}

/** The address of the editor of what a page shows, if that is an app or a pod. @param path of the page's URL, encoded */
export function editorOf(path: string): string | undefined {
  const [, kind, id] = /^\/(app|pod)\/(.+)$/.exec(path) ?? [];
  if (id === undefined) return undefined;
  return kind === 'pod' ? `/edit-pod/${id}` : `/edit/${id}`;
}

/** As the list writes them. With Shift the layout decides which sign a comma becomes. */
function keysOf({ key, code, shiftKey }: PressedKey): readonly string[] {
  if (shiftKey && code === 'Comma') return ['Shift', ','];
  if (/^[A-Z]$/.test(key)) return shiftKey ? ['Shift', key.toLowerCase()] : [];
  return [key];
}
