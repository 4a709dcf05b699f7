/** What can be described in the editor, and what differs between them. */
import type { ReactNode } from 'react';
import type { PlanInput } from '@stadion/contract/orchestrator-extensions';
import type { JsonObject } from '../../core/app-draft.ts';
import { podProblems, schemaProblems, type DraftProblem } from '../../core/app-problems.ts';
import { AppForm } from './app-form.tsx';
import type { FormProps } from './form-parts.tsx';
import { PodForm } from './pod-form.tsx';

/** An app or a pod. */
export interface DescribedKind {
  readonly jsonLabel: string;
  readonly form: (props: FormProps) => ReactNode;
  /** By the schema of the server. */
  readonly problems: (draft: JsonObject) => readonly DraftProblem[];
  /** What the server can plan before it is done; undefined: nothing. */
  readonly planInput: (draft: JsonObject) => PlanInput | undefined;
}

export const APP: DescribedKind = {
  jsonLabel: 'App as JSON',
  form: AppForm,
  problems: schemaProblems,
  planInput: (draft) => ({ app: draft }),
};

export const POD: DescribedKind = {
  jsonLabel: 'Pod as JSON',
  form: PodForm,
  problems: podProblems,
  planInput: () => undefined,
};
