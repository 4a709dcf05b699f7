/** How a container is asked to end: by a signal of its task's or its image's choice. */
import { constants } from 'node:os';
import type { ContainerSpec } from '../../ports/containerizer.ts';
import type { ContainerDetails } from './container-details.ts';

/**
 * Who names a signal means it for the main process; of a command line that is a shell, which would keep it to itself, so
 * that then, as with SIGTERM, all processes hear it. An image's signal is meant for the image's own program.
 * @param wanted as the task names it
 * @param image as the image does
 */
export function stopOf(
  { command }: Pick<ContainerSpec, 'command'>,
  wanted: string | undefined,
  image: string | undefined,
): ContainerDetails['stop'] {
  const isShell = command.kind === 'shell';
  const signal = signalNumber(wanted ?? '') ?? (isShell ? undefined : signalNumber(image ?? ''));
  if (signal === undefined) return { signal: constants.signals.SIGTERM, mainOnly: false };
  return { signal, mainOnly: !isShell && signal !== constants.signals.SIGTERM };
}

/** `SIGQUIT`, `QUIT` or `3`; undefined for what is no signal here. */
export function signalNumber(text: string): number | undefined {
  const signals: Readonly<Record<string, number>> = constants.signals;
  const number = /^\d+$/.test(text) ? Number(text) : undefined;
  const known = number ?? signals[text] ?? signals[`SIG${text}`];
  return known !== undefined && Object.values(signals).includes(known) ? known : undefined;
}
