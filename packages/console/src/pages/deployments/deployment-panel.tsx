/** One deployment: its steps, the instances of its apps changing, and what fails on the way. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Check, Circle, Hourglass, LoaderCircle } from 'lucide-react';
import type { DeploymentInfo } from '@stadion/contract/orchestrator';
import {
  actionWords,
  callerWords,
  changeWords,
  gridCells,
  outcomeWords,
  stepState,
} from '../../core/deployment-words.ts';
import { taskName } from '../../core/task-row.ts';
import { appQuery, recordQuery, whyDeploymentQuery } from '../../data/queries.ts';
import { AppLink } from '../../parts/app-link.tsx';
import { Badge } from '../../parts/badge.tsx';
import { ChangeList, FailureList } from '../../parts/change-list.tsx';
import { Panel } from '../../parts/panel.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';
import { Tooltip } from '../../parts/tooltip.tsx';
import { DeploymentButtons } from './deployment-buttons.tsx';
import { FailingInstance } from './failing-instance.tsx';
import { RequestErrors } from './request-errors.tsx';
import styles from './deployment-panel.module.css';

const STEP_ICONS = { done: Check, now: LoaderCircle, later: Circle };
const STEP_WORDS = { done: 'done', now: 'under way', later: 'to come' };
/** Apps whose instances are drawn. */
const APPS_DRAWN = 20;

export function DeploymentPanel({ deployment }: { readonly deployment: DeploymentInfo }) {
  const { id, version, affectedApps, affectedPods, currentStep, totalSteps, steps } = deployment;
  const { data: record } = useQuery(recordQuery(id));
  const concerned = [...affectedApps, ...affectedPods];
  const { tone, word } = outcomeWords(record ?? { outcome: 'running', isRollBack: false });
  return (
    <Panel
      title={concerned.length === 1 ? (concerned[0] ?? id) : `${String(concerned.length)} apps`}
      aside={<DeploymentButtons id={id} apps={concerned} outcome={record?.outcome ?? 'running'} />}
    >
      <div className={styles['facts']}>
        <Badge tone={tone}>{word}</Badge>
        <span>
          step {currentStep} of {totalSteps}
        </span>
        <span>
          begun <TimeAgo at={version} />
        </span>
        {record?.by !== undefined && (
          <span>
            by <bdi>{callerWords(record.by)}</bdi>
          </span>
        )}
        <Waits id={id} />
      </div>
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
          {record !== undefined && record !== null && (
            <>
              <FailureList record={record} />
              <details className={styles['changes']}>
                <summary>What changes: {changeWords(record.changes)}</summary>
                <ChangeList changes={record.changes} />
              </details>
            </>
          )}
        </div>
      </div>
    </Panel>
  );
}

/** What holds the deployment up, in a sentence, when something does. */
function Waits({ id }: { readonly id: string }) {
  const { data: why } = useQuery(whyDeploymentQuery(id));
  if (!why?.isWaiting) return null;
  return (
    <p className={styles['why']}>
      <Hourglass size={14} aria-hidden />
      <bdi>{why.summary}</bdi>
    </p>
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
      <RequestErrors app={app} />
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
            <span className="visually-hidden">still to come</span>
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
        <span data-tone="waiting">to come</span>
      </p>
      <FailingInstance app={app} />
    </section>
  );
}
