/** The answer to the first questions: is it serving, what changed last, what is wrong. */
import { useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CircleAlert, CircleCheck, CirclePause, Hourglass, Rocket, TriangleAlert } from 'lucide-react';
import type { AppInfo, QueueItem, TaskFailure } from '@stadion/contract/orchestrator';
import { counted } from '../../core/amounts.ts';
import { servingAnswer } from '../../core/app-answer.ts';
import { healthSegments } from '../../core/app-state.ts';
import { outcomeWords } from '../../core/deployment-words.ts';
import { stateWords } from '../../core/event-words.ts';
import { taskName } from '../../core/task-row.ts';
import { recordQuery, waitingQuery } from '../../data/queries.ts';
import { Button } from '../../parts/button.tsx';
import { HealthBar, HealthLegend } from '../../parts/health-bar.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';
import { AppTraffic } from './app-traffic.tsx';
import { WhyDrawer } from './why-drawer.tsx';
import styles from './app-state.module.css';

const ICONS = { good: CircleCheck, warn: TriangleAlert, bad: CircleAlert, idle: CirclePause };

export function AppState({ app }: { readonly app: AppInfo }) {
  const { tone, sentence } = servingAnswer(app);
  const Icon = ICONS[tone];
  const segments = healthSegments({
    instances: app.instances,
    staged: app.tasksStaged ?? 0,
    running: app.tasksRunning ?? 0,
    healthy: app.tasksHealthy ?? 0,
    unhealthy: app.tasksUnhealthy ?? 0,
  });
  const { data: waiting } = useQuery(waitingQuery(app.id));
  return (
    <section className={styles['state']} aria-label="State">
      <div className={styles['serving']}>
        <p className={styles['answer']} data-tone={tone}>
          <Icon size={20} aria-hidden />
          {sentence}
        </p>
        <HealthBar segments={segments} isTall />
        <p className={styles['changed']}>
          Configuration changed <TimeAgo at={app.versionInfo.lastConfigChangeAt} />, scaled{' '}
          <TimeAgo at={app.versionInfo.lastScalingAt} />
        </p>
      </div>
      <div className={styles['legend']}>
        <HealthLegend segments={segments} />
      </div>
      <AppTraffic app={app} />
      {(app.deployments ?? []).map(({ id }) => (
        <UnderWay key={id} id={id} />
      ))}
      {waiting !== undefined && waiting !== null && <Waiting waiting={waiting} />}
      {app.lastTaskFailure !== undefined && <LastFailure failure={app.lastTaskFailure} />}
    </section>
  );
}

function UnderWay({ id }: { readonly id: string }) {
  const { data: record } = useQuery(recordQuery(id));
  if (record === undefined || record === null) return null;
  const { word } = outcomeWords(record);
  return (
    <div className={styles['problem']} data-tone="busy">
      <Rocket size={16} aria-hidden />
      <p>
        Deployment: <strong>{word.toLowerCase()}</strong>, begun <TimeAgo at={record.startedAt} />
        {record.failureCount > 0 && `, ${counted(record.failureCount, 'failure')} so far`}
      </p>
      <Link to="/deployments" search={{ id }}>
        Watch
      </Link>
    </div>
  );
}

function Waiting({ waiting }: { readonly waiting: QueueItem }) {
  const [isOpen, setIsOpen] = useState(false);
  const isDelayed = !waiting.delay.overdue;
  const sentence = isDelayed
    ? `${counted(waiting.count, 'instance')} held back for ${String(waiting.delay.timeLeftSeconds)} s after failures`
    : (waiting.why?.summary ?? `${counted(waiting.count, 'instance')} not placed yet`);
  return (
    <div className={styles['problem']} data-tone="warn">
      <Hourglass size={16} aria-hidden />
      <p>{sentence}</p>
      <Button
        onClick={() => {
          setIsOpen(true);
        }}
      >
        Why?
      </Button>
      {isOpen && (
        <WhyDrawer
          waiting={waiting}
          onClose={() => {
            setIsOpen(false);
          }}
        />
      )}
    </div>
  );
}

function LastFailure({ failure }: { readonly failure: TaskFailure }) {
  return (
    <div className={styles['problem']} data-tone="bad">
      <CircleAlert size={16} aria-hidden />
      <p>
        Last failure <TimeAgo at={failure.timestamp} /> on {failure.host}:{' '}
        <strong>{stateWords(failure.state).word.toLowerCase()}</strong>
        {failure.message !== '' && (
          <>
            , <bdi>{failure.message}</bdi>
          </>
        )}
      </p>
      <Link to="/instance/$taskId" params={{ taskId: failure.taskId }}>
        Logs of {taskName(failure.taskId)}
      </Link>
    </div>
  );
}
