/** Deployments of the past: who changed what, how long it took, what failed. Each opens to its differences. */
import { useState } from 'react';
import { Link } from '@tanstack/react-router';
import { ChevronRight, Link2 } from 'lucide-react';
import type { DeploymentRecord } from '@stadion/contract/orchestrator-extensions';
import { counted } from '../core/amounts.ts';
import { callerWords, changeWords, isUnderWay, outcomeWords } from '../core/deployment-words.ts';
import { span } from '../core/moments.ts';
import { Badge } from './badge.tsx';
import { ChangeList, FailureList } from './change-list.tsx';
import { TimeAgo } from './time-ago.tsx';
import styles from './record-list.module.css';

/** @param openId the one that is open from the beginning */
export function RecordList({
  records,
  openId,
}: {
  readonly records: readonly DeploymentRecord[];
  readonly openId?: string | undefined;
}) {
  return (
    <ol className={styles['list']}>
      {records.map((record) => (
        <RecordRow key={record.id} record={record} isChosen={record.id === openId} />
      ))}
    </ol>
  );
}

function RecordRow({ record, isChosen }: { readonly record: DeploymentRecord; readonly isChosen: boolean }) {
  const [isOpen, setIsOpen] = useState(isChosen);
  const { id, affectedApps, by, startedAt, durationSeconds, failureCount, reason, changes } = record;
  const { tone, word } = outcomeWords(record);
  const [first = ''] = affectedApps;
  const name = affectedApps.length > 1 ? `${first} and ${String(affectedApps.length - 1)} more` : first;
  return (
    <li className={styles['row']}>
      <div className={styles['line']}>
        <button
          type="button"
          className={styles['opener']}
          aria-expanded={isOpen}
          aria-label={`${word}: ${name}, ${changeWords(changes)}`}
          onClick={() => {
            setIsOpen(!isOpen);
          }}
        >
          <ChevronRight size={14} aria-hidden />
        </button>
        <span className={styles['outcome']}>
          <Badge tone={tone}>{word}</Badge>
        </span>
        <span className={styles['what']}>
          <bdi>{name}</bdi> <span className={styles['faint']}>{changeWords(changes)}</span>
        </span>
        <span className={styles['facts']}>
          <TimeAgo at={startedAt} />
          <span>
            {isUnderWay(record) ? 'for' : 'took'} {span(durationSeconds * 1000)}
          </span>
          {failureCount > 0 && <span className={styles['bad']}>{counted(failureCount, 'failure')}</span>}
          {by !== undefined && <bdi className={styles['by']}>{callerWords(by)}</bdi>}
        </span>
        <Link to="/deployments" search={{ id }} className={styles['link']} aria-label={`Address of: ${name}, ${word}`}>
          <Link2 size={14} aria-hidden />
        </Link>
      </div>
      {isOpen && (
        <div className={styles['whole']}>
          {reason !== undefined && (
            <p>
              <bdi>{reason}</bdi>
            </p>
          )}
          <ChangeList changes={changes} />
          <FailureList record={record} />
          {by !== undefined && (
            <p className={styles['faint']}>
              By <bdi>{by}</bdi>
            </p>
          )}
        </div>
      )}
    </li>
  );
}
