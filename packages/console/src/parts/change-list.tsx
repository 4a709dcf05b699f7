/** What a deployment changes, member by member, and who and what failed on its way. */
import { Link } from '@tanstack/react-router';
import type { AppDiff, DeploymentRecord } from '@stadion/contract/orchestrator-extensions';
import { stateWords } from '../core/event-words.ts';
import { taskName } from '../core/task-row.ts';
import { AppLink } from './app-link.tsx';
import { TimeAgo } from './time-ago.tsx';
import styles from './change-list.module.css';

const WORDS = { create: 'created', update: 'changed', remove: 'destroyed' };

export function ChangeList({ changes }: { readonly changes: readonly AppDiff[] }) {
  return (
    <ul className={styles['changes']} aria-label="What changes">
      {changes.map(({ app, change, fields }) => (
        <li key={app}>
          <p>
            <AppLink id={app} /> is {WORDS[change]}
            {change === 'update' && fields.length === 0 && ', with the same configuration'}
          </p>
          {fields.length > 0 && (
            <dl className={styles['fields']}>
              {fields.map(({ path, before, after }) => (
                <div key={path}>
                  <dt>{path.slice(1).replaceAll('/', '.')}</dt>
                  <dd>
                    <Side sign="−" word="before" text={before} />
                    <Side sign="+" word="after" text={after} />
                  </dd>
                </div>
              ))}
            </dl>
          )}
        </li>
      ))}
    </ul>
  );
}

function Side({
  sign,
  word,
  text,
}: {
  readonly sign: string;
  readonly word: 'before' | 'after';
  readonly text: string | undefined;
}) {
  if (text === undefined) return null;
  return (
    <code data-side={word}>
      <span aria-hidden>{sign} </span>
      <span className="visually-hidden">{word}: </span>
      <bdi>{text}</bdi>
    </code>
  );
}

/** The failures that a record keeps, with the way to each one's log. */
export function FailureList({ record }: { readonly record: DeploymentRecord }) {
  const { failures, failureCount } = record;
  if (failures.length === 0) return null;
  return (
    <section aria-label="Failures" className={styles['failures']}>
      <h3>
        {failureCount === 1 ? 'One instance failed' : `${String(failureCount)} instances failed`}
        {failureCount > failures.length && `, the first ${String(failures.length)}`}
      </h3>
      <ul>
        {failures.map(({ taskId, timestamp, state, message, host }) => (
          <li key={`${taskId} ${timestamp}`}>
            <Link to="/instance/$taskId" params={{ taskId }}>
              <code>{taskName(taskId)}</code>
            </Link>{' '}
            {stateWords(state).word.toLowerCase()} on <bdi>{host}</bdi> <TimeAgo at={timestamp} />
            {message !== '' && (
              <>
                : <bdi>{message}</bdi>
              </>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
