/** A terminal inside a running task. The library is read when one is first opened. */
import { Suspense, lazy, useRef, useState } from 'react';
import { SquareTerminal } from 'lucide-react';
import { useDenial } from '../actions/use-denied.ts';
import { loadPart } from '../data/load-part.ts';
import { Button } from '../parts/button.tsx';
import { Panel } from '../parts/panel.tsx';
import styles from './terminal.module.css';

const TerminalScreen = lazy(async () => ({
  default: (await loadPart(() => import('./terminal-screen.tsx'))).TerminalScreen,
}));

export function TerminalPanel({
  taskId,
  appId,
  isInTerminal,
}: {
  readonly taskId: string;
  readonly appId: string | undefined;
  /** Whether the task's own command runs in a terminal. */
  readonly isInTerminal: boolean;
}) {
  const denied = useDenial({ permission: 'tasks:exec', paths: appId === undefined ? [] : [appId] });
  const [command, setCommand] = useState('sh');
  /** Each opening is a session of its own. */
  const [opened, setOpened] = useState<{ readonly number: number; readonly argv: readonly string[] }>();
  const [ended, setEnded] = useState<string>();
  const close = useRef<HTMLButtonElement>(null);
  const argv = command.split(/\s+/).filter((word) => word !== '');

  const open = (what: readonly string[]): void => {
    if (denied !== undefined) return;
    setEnded(undefined);
    setOpened({ number: 0, argv: what });
  };

  return (
    <Panel title="Terminal">
      {opened === undefined ? (
        <form
          className={styles['form']}
          onSubmit={(event) => {
            event.preventDefault();
            open(argv);
          }}
        >
          <input
            aria-label="Command to run inside the task"
            value={command}
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => {
              setCommand(event.target.value);
            }}
          />
          <Button
            type="submit"
            denied={denied}
            disabled={argv.length === 0}
            icon={<SquareTerminal size={15} aria-hidden />}
          >
            Open a terminal
          </Button>
          {isInTerminal && (
            <Button denied={denied} onClick={() => open([])}>
              Attach to its own command
            </Button>
          )}
        </form>
      ) : (
        <>
          <Suspense fallback={<div className={styles['screen']} aria-busy />}>
            <TerminalScreen
              key={opened.number}
              taskId={taskId}
              argv={opened.argv}
              onEnd={setEnded}
              onLeave={() => close.current?.focus()}
            />
          </Suspense>
          <div className={styles['bar']}>
            <p role="status">{ended ?? 'F6 leaves the terminal. It is on record that it was opened.'}</p>
            <div className={styles['form']}>
              {ended !== undefined && (
                <Button
                  onClick={() => {
                    setEnded(undefined);
                    setOpened({ number: opened.number + 1, argv: opened.argv });
                  }}
                >
                  Open again
                </Button>
              )}
              <Button
                ref={close}
                onClick={() => {
                  setOpened(undefined);
                }}
              >
                Close
              </Button>
            </div>
          </div>
        </>
      )}
    </Panel>
  );
}
