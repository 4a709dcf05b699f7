/** Holding deployments, letting them go on, and what is remembered of them. */
import { resolveId } from '../core/app/app-id.ts';
import type { DeploymentControl } from '../engine.ts';
import { failure, json, pieces, rejection, type Answer, type Call } from './answer.ts';
import { callerOf } from './commands.ts';
import { listed } from './groups.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { DEPLOYMENT_RECORDS_SHOWN } from './limits.ts';
import { parameter } from './route-table.ts';

type ControlHandlers = Pick<
  Handlers,
  | 'pauseDeployment'
  | 'resumeDeployment'
  | 'promoteDeployment'
  | 'failDeployment'
  | 'listDeploymentRecords'
  | 'getDeploymentRecord'
>;

/** Handlers beyond Marathon's. */
export function deploymentControlHandlers({ engine }: HandlerContext): ControlHandlers {
  async function control({ request, parameters }: Call, action: DeploymentControl): Promise<Answer> {
    const id = parameter(parameters, 'deploymentId');
    const outcome = await engine.controlDeployment(id, action, callerOf(request));
    return outcome.ok ? json(200, outcome.value) : rejection(outcome.rejection);
  }

  function* records(query: URLSearchParams): Generator<string> {
    const app = query.get('app');
    const appId = app === null ? undefined : resolveId(app);
    const asked = Number(query.get('limit') ?? DEPLOYMENT_RECORDS_SHOWN);
    let left = Number.isSafeInteger(asked) && asked > 0 ? asked : DEPLOYMENT_RECORDS_SHOWN;
    let separator = '';
    for (const record of [...engine.view.deploymentRecords()]) {
      if (left === 0) return;
      if (appId !== undefined && !record.affectedApps.includes(appId)) continue;
      yield separator + JSON.stringify(record);
      separator = ',';
      left -= 1;
    }
  }

  return {
    pauseDeployment: (call) => control(call, 'pause'),
    resumeDeployment: (call) => control(call, 'resume'),
    promoteDeployment: (call) => control(call, 'promote'),
    failDeployment: (call) => control(call, 'fail'),
    listDeploymentRecords: ({ query }) => pieces(200, listed(records(query))),
    getDeploymentRecord({ parameters }) {
      const id = parameter(parameters, 'deploymentId');
      const record = engine.view.deploymentRecord(id);
      return record === undefined
        ? failure(404, { message: `DeploymentPlan ${id} does not exist` })
        : json(200, record);
    },
  };
}
