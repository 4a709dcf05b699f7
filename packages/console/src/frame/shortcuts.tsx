/** Keys that work everywhere, and the overlay that lists them. */
import { useEffect, useState } from 'react';
import { useNavigate, useRouter } from '@tanstack/react-router';
import { editorOf, shortcutOf, SHORTCUTS, type Command, type Overlay } from '../core/shortcuts.ts';
import { time } from '../data/browser-time.ts';
import { Dialog } from '../parts/dialog.tsx';
import { CommandPalette } from './command-palette.tsx';
import { NewGroup } from './new-group.tsx';
import { OPEN_EVENT } from './open-overlay.ts';
import styles from './shortcuts.module.css';

/** So long after `g` its second key counts. */
const SEQUENCE_MS = 1_200;

/** Listens for keys. What it opens can be opened from elsewhere too, by `openOverlay`. */
export function Shortcuts() {
  const [shown, setShown] = useState<Overlay>();
  const navigate = useNavigate();
  const router = useRouter();

  useEffect(() => {
    let first = '';
    let pressedAt = 0;
    function run(command: Command): void {
      if (command.kind === 'show') setShown(command.what);
      else if (command.kind === 'go') void navigate({ to: command.to });
      else if (command.kind === 'edit') edit();
      else document.querySelector<HTMLElement>('[data-search-field]')?.focus();
    }
    function edit(): void {
      const href = editorOf(router.state.location.pathname);
      if (href !== undefined) void router.navigate({ href });
    }
    function press(event: KeyboardEvent): void {
      const now = time.monotonic();
      const before = now - pressedAt < SEQUENCE_MS ? first : '';
      const command = shortcutOf(event, before, isTyping(event.target));
      first = event.key;
      pressedAt = now;
      if (command === undefined) return;
      event.preventDefault();
      first = '';
      run(command);
    }
    function open(event: Event): void {
      if (event instanceof CustomEvent) setShown(event.detail === 'keys' ? 'keys' : 'palette');
    }
    document.addEventListener('keydown', press);
    document.addEventListener(OPEN_EVENT, open);
    return () => {
      document.removeEventListener('keydown', press);
      document.removeEventListener(OPEN_EVENT, open);
    };
  }, [navigate, router]);

  const close = (): void => {
    setShown(undefined);
  };
  if (shown === 'palette') return <CommandPalette onClose={close} />;
  if (shown === 'group') return <NewGroup onClose={close} />;
  if (shown !== 'keys') return null;
  return (
    <Dialog title="Keyboard shortcuts" onClose={close}>
      <dl className={styles['keys']}>
        {SHORTCUTS.map(({ keys, label }) => (
          <div key={label}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{label}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches('input:not([type=checkbox]), textarea, select'))
  );
}
