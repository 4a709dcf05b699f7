/** `/v2/policies`: locks and deploy windows of groups. */
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { DeployPolicy } from '@stadion/contract/orchestrator-extensions';
import { violation } from '../core/app/checked.ts';
import { invalidJson, json, rejection, type Answer, type Call } from './answer.ts';
import { groupIdOf } from './groups.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { readObject } from './read-body.ts';

type PolicyHandlers = Pick<
  Handlers,
  'listPolicies' | 'putRootPolicy' | 'putPolicy' | 'deleteRootPolicy' | 'deletePolicy'
>;

const checker = TypeCompiler.Compile(DeployPolicy);

/** Handlers for policies. */
export function policyHandlers({ engine }: HandlerContext): PolicyHandlers {
  async function put(groupId: string, { request }: Call): Promise<Answer> {
    const body = readObject(request);
    if (!body.ok) return body.answer;
    const policy: unknown = body.value;
    if (!checker.Check(policy)) {
      const [error] = checker.Errors(policy);
      return invalidJson([violation(error?.path ?? '/', error?.message ?? 'is not a policy')]);
    }
    const outcome = await engine.setPolicy(groupId, policy);
    return outcome.ok ? json(200, policy) : rejection(outcome.rejection);
  }

  async function remove(groupId: string): Promise<Answer> {
    const outcome = await engine.setPolicy(groupId, undefined);
    return outcome.ok ? { status: 204, body: { kind: 'none' } } : rejection(outcome.rejection);
  }

  return {
    listPolicies: () => json(200, Object.fromEntries(engine.view.policies())),
    putRootPolicy: (call) => put('/', call),
    putPolicy: (call) => put(groupIdOf(call), call),
    deleteRootPolicy: () => remove('/'),
    deletePolicy: (call) => remove(groupIdOf(call)),
  };
}
