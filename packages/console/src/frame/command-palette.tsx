/** Reaches any object and any verb: apps, pods, nodes, pages, and what can be done with them. */
import { useMemo, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Dialog as Radix } from 'radix-ui';
import { Search } from 'lucide-react';
import { useAsk } from '../actions/use-actions.ts';
import { commandsFor, type PaletteCommand } from '../core/palette.ts';
import { agentsQuery } from '../data/cluster-queries.ts';
import { appsQuery, podsQuery } from '../data/queries.ts';
import styles from './command-palette.module.css';

export function CommandPalette({ onClose }: { readonly onClose: () => void }) {
  const [words, setWords] = useState('');
  const [at, setAt] = useState(0);
  const { data: index } = useQuery(appsQuery);
  const { data: agents } = useQuery(agentsQuery);
  const navigate = useNavigate();
  const ask = useAsk();
  const { data: pods } = useQuery(podsQuery);
  const objects = useMemo(
    () => ({
      apps: index?.apps ?? [],
      pods: (pods ?? []).map(({ id, spec }) => ({ id, instances: spec.scaling.instances })),
      nodes: agents ?? [],
    }),
    [index, pods, agents],
  );
  const commands = useMemo(() => commandsFor(words, objects), [words, objects]);
  const chosen = Math.min(at, Math.max(0, commands.length - 1));

  function run(command: PaletteCommand | undefined): void {
    if (command === undefined) return;
    onClose();
    if (command.action !== undefined) ask(command.action);
    else void navigate({ href: command.href });
  }

  return (
    <Radix.Root
      open
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose();
      }}
    >
      <Radix.Portal>
        <Radix.Overlay className={styles['scrim']} />
        <Radix.Content className={styles['palette']} aria-describedby={undefined}>
          <Radix.Title className="visually-hidden">Find anything</Radix.Title>
          <div className={styles['field']}>
            <Search size={16} aria-hidden />
            <input
              role="combobox"
              aria-label="Find anything"
              aria-expanded
              aria-controls="palette-list"
              aria-activedescendant={`palette-${String(chosen)}`}
              placeholder="An app, a node, a page, or what to do: scale shop/web"
              value={words}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => {
                setWords(event.target.value);
                setAt(0);
              }}
              onKeyDown={(event) => {
                const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
                if (step !== undefined && commands.length > 0) {
                  event.preventDefault();
                  setAt((chosen + step + commands.length) % commands.length);
                } else if (event.key === 'Enter') {
                  // The key must not go on into the dialog that opens, and confirm it.
                  event.preventDefault();
                  run(commands[chosen]);
                }
              }}
            />
          </div>
          <ul id="palette-list" role="listbox" aria-label="Found" className={styles['list']}>
            {commands.map((command, index_) => (
              <li
                key={command.id}
                id={`palette-${String(index_)}`}
                role="option"
                aria-selected={index_ === chosen}
                className={styles['option']}
                ref={(element) => {
                  if (index_ === chosen) element?.scrollIntoView({ block: 'nearest' });
                }}
                onMouseMove={() => {
                  setAt(index_);
                }}
                onClick={() => {
                  run(command);
                }}
              >
                <span className={styles['kind']}>{command.kind}</span>
                <bdi>{command.label}</bdi>
              </li>
            ))}
          </ul>
          {commands.length === 0 && <p className={styles['none']}>Nothing is called like that.</p>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
