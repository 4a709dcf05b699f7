/** Form and JSON beside each other, always in step; what is wrong is said while typing, and by the server when it is sent. */
import { useMemo, useState } from 'react';
import { useMutation } from '@tanstack/react-query';
import { isApiError } from '@stadion/contract/client';
import { ObstacleNotice } from '../../actions/obstacle-notice.tsx';
import { PlanPreview } from '../../actions/plan-preview.tsx';
import type { ApiRequest } from '../../core/action-plan.ts';
import { draftText, parseDraft, type JsonObject } from '../../core/app-draft.ts';
import { placeOf, planProblems, serverProblems } from '../../core/app-problems.ts';
import { obstacleOf, passing, passingVerb, type Passing } from '../../data/obstacles.ts';
import { usePlan } from '../../data/use-plan.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Equivalents } from '../../parts/equivalents.tsx';
import { JsonDiff } from '../../parts/json-diff.tsx';
import { LazyJsonEditor } from '../../parts/lazy-json-editor.tsx';
import { Panel } from '../../parts/panel.tsx';
import type { DescribedKind } from './described-kinds.tsx';
import { OlderForm } from './older-form.tsx';
import styles from './descriptor-editor.module.css';

interface DescriptorEditorProps {
  readonly kind: DescribedKind;
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly verb: string;
  /** What a change begins from: the difference is shown before it is deployed. */
  readonly before?: JsonObject;
  /** Whether the difference is shown as soon as the editor opens. */
  readonly isReviewedAtFirst?: boolean;
  readonly request: (draft: JsonObject) => ApiRequest;
  readonly command: string;
  readonly save: (draft: JsonObject, how: SaveOptions) => Promise<void>;
}

/** How a draft is sent. */
export interface SaveOptions extends Passing {
  /** Of the plan that was looked at: if the app was changed since, the change is refused. */
  readonly planToken?: string;
}

export function DescriptorEditor(props: DescriptorEditorProps) {
  const { kind, text, onText, verb, before, request, command, save, isReviewedAtFirst = false } = props;
  const parsed = useMemo(() => parseDraft(text), [text]);
  const draft = 'draft' in parsed ? parsed.draft : undefined;
  const [isReviewing, setIsReviewing] = useState(isReviewedAtFirst);
  const { mutate, error, isPending, reset } = useMutation({
    mutationFn: async (how: SaveOptions) => {
      if (draft !== undefined) await save(draft, how);
    },
  });
  const fromSchema = useMemo(() => (draft === undefined ? [] : kind.problems(draft)), [kind, draft]);
  const fromServer = useMemo(() => (isApiError(error) ? serverProblems(error.answer.details) : []), [error]);
  // What the schema cannot tell the server does, while one types.
  const planInput = draft === undefined || fromSchema.length > 0 ? undefined : kind.planInput(draft);
  const planned = usePlan(planInput);
  const { plan, error: unplanned, isCurrent } = planned;
  const fromPlan = useMemo(() => (isApiError(unplanned) ? planProblems(unplanned.answer.details) : []), [unplanned]);
  const problems = useMemo(
    () => [...fromSchema, ...(fromServer.length > 0 ? fromServer : fromPlan)],
    [fromSchema, fromServer, fromPlan],
  );
  const marks = useMemo(
    () => problems.map(({ path, message }) => ({ ...placeOf(text, path), message: `${path}: ${message}` })),
    [problems, text],
  );
  const [passed, setPassed] = useState<Passing>({});
  const obstacle = obstacleOf(error);
  const change = (changed: string): void => {
    if (error !== null) reset();
    onText(changed);
  };
  const isReady = draft !== undefined && fromSchema.length === 0 && !isPending;
  const submit = (): void => {
    if (before !== undefined && obstacle === undefined) {
      setIsReviewing(true);
      return;
    }
    const how = passing(passed, obstacle);
    setPassed(how);
    mutate(how);
  };
  return (
    <form
      className={styles['editor']}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) submit();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && isReady) submit();
      }}
    >
      {draft !== undefined && <OlderForm draft={draft} planned={planned} onText={change} />}
      <div className={styles['sides']}>
        <Panel title="Form">
          {draft === undefined ? (
            <p className={styles['broken']}>The JSON cannot be read: mend it to go on with the form.</p>
          ) : (
            <kind.form draft={draft} problems={problems} onChange={(changed) => change(draftText(changed))} />
          )}
        </Panel>
        <Panel title="JSON" isFlush>
          <div className={styles['json']}>
            <LazyJsonEditor label={kind.jsonLabel} text={text} onChange={change} problems={marks} />
          </div>
        </Panel>
      </div>
      <div className={styles['foot']}>
        <div className={styles['problems']} role="status">
          {'problem' in parsed && <p>{parsed.problem}</p>}
          {problems.slice(0, 5).map(({ path, message }) => (
            <p key={`${path} ${message}`}>
              <code>{path}</code> {message}
            </p>
          ))}
          {error !== null && fromServer.length === 0 && obstacle === undefined && <p>{error.message}</p>}
        </div>
        {obstacle !== undefined && <ObstacleNotice obstacle={obstacle} />}
        {planInput !== undefined && fromPlan.length === 0 && (
          <div className={styles['plan']}>
            <PlanPreview input={planInput} isShort />
          </div>
        )}
        {draft !== undefined && <Equivalents request={request(draft)} command={command} />}
        <Button type="submit" kind={obstacle === undefined ? 'primary' : 'danger'} disabled={!isReady}>
          {passingVerb(verb, obstacle)}
        </Button>
      </div>
      {isReviewing && before !== undefined && draft !== undefined && (
        <Dialog
          title="What will change"
          form="wide"
          onClose={() => {
            setIsReviewing(false);
          }}
          footer={
            <>
              <Button
                onClick={() => {
                  setIsReviewing(false);
                }}
              >
                Back
              </Button>
              <Button
                kind="primary"
                data-first-focus
                disabled={isPending}
                onClick={() => {
                  mutate(plan !== undefined && isCurrent ? { planToken: plan.token } : {}, {
                    onError: () => {
                      setIsReviewing(false);
                    },
                  });
                }}
              >
                {verb}
              </Button>
            </>
          }
        >
          <div className={styles['review']}>
            {planInput !== undefined && <PlanPreview input={planInput} />}
            <JsonDiff before={before} after={draft} />
          </div>
        </Dialog>
      )}
    </form>
  );
}
