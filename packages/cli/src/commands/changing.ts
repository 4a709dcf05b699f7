/** Sends a change and stays with the deployment that carries it out, until it has ended. */
import { PlatformError } from '@stadion/base';
import type { OrchestratorClient } from '@stadion/contract/client';
import type { DeploymentResult, TaskFailure } from '@stadion/contract/orchestrator';
import { progressLines, type DeploymentProgress } from '../core/deployment-progress.ts';
import { formatDuration } from '../core/durations.ts';
import { safeLogLine, safeText } from '../core/safe-text.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { DeploymentWatcher, type DeploymentOutcome } from '../follow/deployment-watcher.ts';
import { LogFile } from '../follow/log-file.ts';
import { SandboxFinder } from '../follow/sandboxes.ts';
import { withDeadline } from '../follow/waiting.ts';
import { limits } from '../limits.ts';
import { LiveDisplay } from '../output/live-display.ts';
import type { Session } from '../platform/session.ts';
import type { CommandCall, OptionSpec } from './command.ts';

/** Options of every command that changes apps. */
export const changeOptions: readonly OptionSpec[] = [
  { flags: '--force', description: 'put an end to deployments that hold the app' },
  { flags: '-d, --detach', description: 'do not wait for the deployment' },
  { flags: '--timeout <duration>', description: 'how long to wait, e.g. 90s or 5m (then exit code 3)' },
];

/** The `force` of a change's query. */
export function forceOf(call: CommandCall): { readonly force?: boolean } {
  return call.isSet('force') ? { force: true } : {};
}

/**
 * Sends the change and waits for its deployment, unless `--detach` says not to.
 * @param subject what is changed, for people
 */
export async function carryOut(
  call: CommandCall,
  subject: string,
  change: (client: OrchestratorClient) => Promise<DeploymentResult>,
): Promise<ExitCode> {
  const { session } = call;
  const client = await session.orchestrator();
  if (call.isSet('detach')) {
    const result = await change(client);
    session.printer.answer(
      { ...result, outcome: 'started' },
      () => [
        `Deployment ${safeText(result.deploymentId)} has started. Watch it with: stadion deploy watch ${safeText(result.deploymentId)}`,
      ],
      [result.deploymentId],
    );
    return EXIT.ok;
  }
  return await withWatcher(call, client, async (watcher, signal) => {
    const { deploymentId } = await change(client);
    return await stayWith(session, watcher, { deploymentId, subject }, signal);
  });
}

/** Opens a watcher that ends with `--timeout` and with Ctrl-C. */
export async function withWatcher(
  call: CommandCall,
  client: OrchestratorClient,
  work: (watcher: DeploymentWatcher, signal: AbortSignal) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { session } = call;
  const timeout = call.duration('timeout');
  const deadline = withDeadline(session.time, session.ports.interruption(), timeout, () => {
    return new PlatformError('wait-timed-out', `Not done within ${formatDuration(timeout ?? 0)}.`);
  });
  const watcher = await DeploymentWatcher.open({ client, time: session.time, signal: deadline.signal });
  try {
    return await work(watcher, deadline.signal);
  } finally {
    watcher.close();
    deadline.end();
  }
}

/** Shows how a deployment goes until it has ended; the exit code says how. */
export async function stayWith(
  session: Session,
  watcher: DeploymentWatcher,
  { deploymentId, subject }: { readonly deploymentId: string; readonly subject: string },
  signal: AbortSignal,
): Promise<ExitCode> {
  const { printer, time } = session;
  const start = time.monotonic();
  const display = new LiveDisplay(printer.stderr);
  const failures: TaskFailure[] = [];
  let progress: DeploymentProgress | undefined;
  let outcome: DeploymentOutcome;
  try {
    outcome = await watcher.watch(deploymentId, {
      onProgress(next) {
        progress = next;
        if (!printer.quiet) display.update(progressLines(next, { width: BAR_WIDTH }));
      },
      onFailure(failure) {
        failures.push(failure);
        if (!printer.quiet) display.print(printer.paintRemark('bad', failureLine(failure)));
      },
    });
  } catch (error) {
    if (signal.aborted) {
      await showLastFailure(session, failures);
      printer.remark(
        `Deployment ${deploymentId} goes on. Watch it with: stadion deploy watch ${deploymentId}. ` +
          `Take it back with: stadion deploy cancel ${deploymentId}`,
      );
    }
    throw error;
  }
  if (printer.stderr.isTerminal && outcome.kind === 'success') display.clear();
  const took = formatDuration(time.monotonic() - start);
  if (outcome.kind !== 'success') await showLastFailure(session, failures);
  printer.answer(
    {
      deploymentId,
      outcome: outcome.kind,
      ...(outcome.kind === 'failed' ? { reason: outcome.reason } : {}),
      apps: progress?.apps ?? [],
    },
    () => [outcomeLine(session, { deploymentId, subject }, outcome, progress, took)],
    [deploymentId],
  );
  return outcome.kind === 'success' ? EXIT.ok : EXIT.error;
}

const BAR_WIDTH = 20;

function outcomeLine(
  { printer }: Session,
  { deploymentId, subject }: { readonly deploymentId: string; readonly subject: string },
  outcome: DeploymentOutcome,
  progress: DeploymentProgress | undefined,
  took: string,
): string {
  const id = safeText(deploymentId);
  switch (outcome.kind) {
    case 'success': {
      const apps = (progress?.apps ?? []).map(({ id: app, exists, wanted, ready }) => {
        if (!exists) return `${app} is gone`;
        return wanted === 0 ? `${app} has no instances` : `${app} ${ready}/${wanted} ready`;
      });
      return `${printer.paint('good', 'done:')} ${safeText(apps.join(', ') || subject)} (${took})`;
    }
    case 'failed':
      return `${printer.paint('bad', 'failed:')} deployment ${id}: ${safeText(outcome.reason)}`;
    case 'unknown':
      return `Deployment ${id} is not running: it has ended, or there never was one. See the app with: stadion app show APP`;
  }
}

function failureLine(failure: TaskFailure): string {
  return safeText(`${failure.taskId} on ${failure.host}: ${failure.state} ${failure.message}`);
}

/** The last failure with the end of what it wrote to stderr, if that can still be read. */
async function showLastFailure(session: Session, failures: readonly TaskFailure[]): Promise<void> {
  const failure = failures.at(-1);
  if (failure === undefined) return;
  const { printer } = session;
  const deadline = withDeadline(session.time, new AbortController().signal, limits.callTimeoutMs, () => {
    return new PlatformError('wait-timed-out', 'The log could not be read in time.');
  });
  try {
    const finder = new SandboxFinder(session);
    const sandbox = await finder.find({ taskId: failure.taskId, slaveId: failure.slaveId }, deadline.signal);
    if (sandbox === undefined) return;
    const file = new LogFile(sandbox.agent, `${sandbox.directory}/stderr`);
    const lines = [...(await file.readLast(limits.failureTailLines, deadline.signal)), ...file.readRest()];
    printer.remark(`${failures.length} instances failed; the last one: ${failureLine(failure)}`);
    if (lines.length > 0) printer.remark('The end of its stderr:');
    for (const line of lines) printer.remark(`  ${safeLogLine(line, false)}`);
  } catch {
    // The failure itself was shown already; its log is an extra.
  } finally {
    deadline.end();
  }
}
