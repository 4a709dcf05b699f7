/** What a change would come to, by the platform's own plan: its steps, whether it fits, what stands in its way. */
import { CircleCheck, ListOrdered, Lock, TriangleAlert } from 'lucide-react';
import type { PlanInput } from '@stadion/contract/orchestrator-extensions';
import { counted } from '../core/amounts.ts';
import { actionWords } from '../core/deployment-words.ts';
import { fitWords } from '../core/plan-words.ts';
import { usePlan } from '../data/use-plan.ts';
import { AppLink } from '../parts/app-link.tsx';
import styles from './plan-preview.module.css';

/** @param isShort without the steps, where they are told already */
export function PlanPreview({ input, isShort = false }: { readonly input: PlanInput; readonly isShort?: boolean }) {
  const { plan, error } = usePlan(input);
  if (error !== undefined) return <p className={styles['line']}>No plan: {error.message}</p>;
  if (plan === undefined) return <p className={styles['line']}>Planning …</p>;
  const fit = fitWords(plan);
  const Fit = fit.isGood ? CircleCheck : TriangleAlert;
  return (
    <section className={styles['plan']} aria-label="Plan">
      {!isShort && (
        <p className={styles['line']}>
          <ListOrdered size={15} aria-hidden />
          {plan.steps.length === 0 ? 'Nothing changes.' : `${counted(plan.steps.length, 'step')}:`}
        </p>
      )}
      {!isShort && plan.steps.length > 0 && (
        <ol className={styles['steps']}>
          {plan.steps.map(({ actions }, index) => (
            <li key={index}>{actions.map(actionWords).join(', ')}</li>
          ))}
        </ol>
      )}
      {fit.sentences.map((sentence) => (
        <p key={sentence} className={styles['line']} data-tone={fit.isGood ? 'good' : 'warn'}>
          <Fit size={15} aria-hidden />
          {sentence}
        </p>
      ))}
      {plan.conflicts.length > 0 && (
        <p className={styles['line']} data-tone="warn">
          <TriangleAlert size={15} aria-hidden />
          {counted(plan.conflicts.length, 'deployment')} under way would have to be cancelled for this.
        </p>
      )}
      {plan.refusals.map((refusal) => (
        <p key={refusal} className={styles['line']} data-tone="warn">
          <Lock size={15} aria-hidden />
          <bdi>{refusal}</bdi>
        </p>
      ))}
      {!isShort && plan.changes.length > 1 && (
        <p className={styles['line']}>
          Changed:{' '}
          {plan.changes.map(({ app }) => (
            <AppLink key={app} id={app} />
          ))}
        </p>
      )}
    </section>
  );
}
