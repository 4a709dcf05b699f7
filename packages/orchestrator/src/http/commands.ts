/** Takes commands to the engine and brings back what their answers need. */
import { formatTimestamp } from '../core/app/timestamp.ts';
import { standardServicePorts } from '../core/app/service-ports.ts';
import { standardDefaults } from '../core/app/spec.ts';
import type { AppChange, Change, ChangeContext } from '../core/root/change.ts';
import type { OrchestratorEngine, Outcome } from '../engine.ts';
import type { DeploymentResult } from '@stadion/contract/orchestrator';
import { json, type Answer, type Call } from './answer.ts';
import type { HandlerContext } from './handler-context.ts';
import { flag } from './query.ts';
import type { OrchestratorHttpOptions } from './options.ts';

/** A change that is on its way: the deployment, and what it changed. */
export interface CarriedOut {
  readonly result: DeploymentResult;
  readonly change: AppChange;
}

/** Has the engine carry out a change; resolves once the intent is durable. */
export async function carryOut(
  { engine }: HandlerContext,
  change: Change,
  options: Parameters<OrchestratorEngine['changeRoot']>[1],
): Promise<Outcome<CarriedOut>> {
  // The engine may call the change again; what it made of the last call is what was committed.
  let last: AppChange | undefined;
  const outcome = await engine.changeRoot((root, version) => {
    const changed = change(root, version);
    last = changed.ok ? changed.value : undefined;
    return changed;
  }, options);
  if (!outcome.ok) return outcome;
  const nothing: AppChange = { upserts: [], removals: [], created: [], asked: [] };
  return { ok: true, value: { result: outcome.value, change: last ?? nothing } };
}

/** The part of a change's options that its request says. @param forceAbsent what counts when `force` is not given */
export function changeOptions(
  { request, query }: Call,
  forceAbsent = false,
): { force: boolean; by: string; planToken?: string; overridesPolicy: boolean } {
  const planToken = query.get('planToken');
  return {
    force: flag(query, 'force', forceAbsent),
    by: callerOf(request),
    ...(planToken !== null && { planToken }),
    overridesPolicy: flag(query, 'overridePolicy'),
  };
}

/** What is known of who asks: a name where people are known by name (the server's door says it), and where from. */
export function callerOf(request: Call['request']): string {
  const user = request.headers['x-stadion-user'];
  const agent = (request.headers['user-agent'] ?? '').replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 100);
  const from = agent === '' ? request.ip : `${request.ip} (${agent})`;
  return typeof user === 'string' ? `${user}, ${from}` : from;
}

/** What commands that write apps need, with a fresh seed. */
export function changeContext(options: OrchestratorHttpOptions, { query }: Call): ChangeContext {
  return {
    force: flag(query, 'force'),
    defaults: options.defaults ?? standardDefaults,
    servicePorts: options.servicePorts ?? standardServicePorts,
    seed: options.random.uint32(),
  };
}

/** The answer `DeploymentResult`, with its header. */
export function deploymentAnswer(
  { version, deploymentId }: DeploymentResult,
  more: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
): Answer {
  const headers = { 'Marathon-Deployment-Id': deploymentId, ...more.headers };
  return json(more.status ?? 200, { version, deploymentId }, headers);
}

/** Tells the bus that a person has written this app. */
export function publishApiPost({ engine, options }: HandlerContext, { request }: Call, appId: string): void {
  const appDefinition = engine.view.root.app(appId);
  // Gone again already: there is nothing to show.
  if (appDefinition === undefined) return;
  engine.events.publish({
    eventType: 'api_post_event',
    timestamp: formatTimestamp(options.time.now()),
    clientIp: request.ip,
    uri: request.url,
    appDefinition,
  });
}

/** Names the members that were not understood, so that a typo is not silent. */
export function ignoredHeader(ignored: readonly string[]): Readonly<Record<string, string>> {
  if (ignored.length === 0) return {};
  const names = ignored.slice(0, 20).map((name) => name.slice(0, 100).replaceAll(/[^\x21-\x2b\x2d-\x7e]/g, '?'));
  return { 'X-Stadion-Ignored-Fields': names.join(', ') };
}
