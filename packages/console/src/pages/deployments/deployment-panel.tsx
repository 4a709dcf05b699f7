/** One deployment: its steps, the instances of its apps changing, and what fails on the way. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Check, Circle, LoaderCircle, OctagonX, Undo2 } from 'lucide-react';
import type { DeploymentInfo } from '@stadion/contract/orchestrator';
import { useAsk } from '../../actions/use-actions.ts';
import { actionWords, gridCells, stepState } from '../../core/deployment-words.ts';
import { taskName } from '../../core/task-row.ts';
import { appQuery } from '../../data/queries.ts';
import { AppLink } from '../../parts/app-link.tsx';
import { Button } from '../../parts/button.tsx';
import { Panel } from '../../parts/panel.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';
import { Tooltip } from '../../parts/tooltip.tsx';
import { FailingInstance } from './failing-instance.tsx';
import styles from './deployment-panel.module.css';

const STEP_ICONS = { done: Check, now: LoaderCircle, later: Circle };
const STEP_WORDS = { done: 'done', now: 'under way', later: 'to come' };
/** Apps whose instances are drawn. */
const APPS_DRAWN = 20;

export function DeploymentPanel({ deployment }: { readonly deployment: DeploymentInfo }) {
  const { id, version, affectedApps, currentStep, totalSteps, steps } = deployment;
  const ask = useAsk();
  return (
    <Panel
      title={affectedApps.length === 1 ? (affectedApps[0] ?? id) : `${String(affectedApps.length)} apps`}
      aside={
        <>
          <span>
            step {currentStep} of {totalSteps}, begun <TimeAgo at={version} />
          </span>
          <Button
            icon={<Undo2 size={15} aria-hidden />}
            onClick={() => {
              ask({ kind: 'cancel-deployment', deploymentId: id, apps: affectedApps });
            }}
          >
            Roll back
          </Button>
          <Button
            icon={<OctagonX size={15} aria-hidden />}
            onClick={() => {
              ask({ kind: 'stop-deployment', deploymentId: id, apps: affectedApps });
            }}
          >
            Stop
          </Button>
        </>
      }
    >
      <div className={styles['deployment']}>
        <ol className={styles['steps']}>
          {steps.map((step, index) => {
            const state = stepState(deployment, index);
            const Icon = STEP_ICONS[state];
            return (
              <li key={index} data-state={state}>
                <Icon size={15} aria-hidden />
                <span>
                  {step.actions.map(actionWords).join(', ')}
                  <span className="visually-hidden"> ({STEP_WORDS[state]})</span>
                </span>
              </li>
            );
          })}
        </ol>
        <div className={styles['apps']}>
          {affectedApps.slice(0, APPS_DRAWN).map((appId) => (
            <AppProgress key={appId} appId={appId} isAlone={affectedApps.length === 1} />
          ))}
        </div>
      </div>
    </Panel>
  );
}

function AppProgress({ appId, isAlone }: { readonly appId: string; readonly isAlone: boolean }) {
  const { data: app } = useQuery(appQuery(appId));
  if (app === undefined) return <AppLink id={appId} />;
  const cells = gridCells(app);
  const waiting = Math.max(0, app.instances - cells.filter(({ isNew }) => isNew).length);
  return (
    <section aria-label={isAlone ? undefined : appId} className={styles['app']}>
      {!isAlone && <AppLink id={appId} />}
      {isAlone && (
        <p className={styles['links']}>
          <AppLink id={appId}>To the app</AppLink>
          <Link to="/app/$" params={{ _splat: appId.slice(1) }} search={{ tab: 'configuration' }}>
            What changed
          </Link>
        </p>
      )}
      <ul className={styles['grid']} aria-label="Instances">
        {cells.map(({ taskId, isNew, tone, words }) => (
          <li key={taskId}>
            <Tooltip text={`${taskName(taskId)}: ${words}`}>
              <Link
                to="/instance/$taskId"
                params={{ taskId }}
                className={styles['cell']}
                data-tone={tone}
                data-old={!isNew || undefined}
                aria-label={`${taskName(taskId)}: ${words}`}
              />
            </Tooltip>
          </li>
        ))}
        {Array.from({ length: Math.min(waiting, 200) }, (_, index) => (
          <li key={`waiting ${String(index)}`} className={styles['cell']} data-tone="waiting">
            <span className="visually-hidden">still to be placed</span>
          </li>
        ))}
      </ul>
      <p className={styles['key']}>
        <span data-tone="good">up</span>
        <span data-tone="busy">coming up</span>
        <span data-tone="bad">failing</span>
        <span data-tone="good" data-old>
          old
        </span>
        <span data-tone="waiting">to be placed</span>
      </p>
      <FailingInstance app={app} />
    </section>
  );
}
