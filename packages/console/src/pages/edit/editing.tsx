/** Changes what exists, an app or a pod; says so when somebody else changed it meanwhile. */
import { useState } from 'react';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { PodDefinition } from '@stadion/contract/orchestrator-pods';
import type { ApiRequest } from '../../core/action-plan.ts';
import { draftText, editable, parseDraft, type JsonObject } from '../../core/app-draft.ts';
import { withAmounts, type SmallerAmounts } from '../../core/nearest-fit.ts';
import { rebased } from '../../core/three-way.ts';
import { Page } from '../../frame/page.tsx';
import { ChangedMeanwhile } from './changed-meanwhile.tsx';
import type { DescribedKind } from './described-kinds.tsx';
import { DescriptorEditor, type SaveOptions } from './descriptor-editor.tsx';

const NOTHING: SmallerAmounts = {};

export function Editing({
  kind,
  current,
  suggested = NOTHING,
  request,
  command,
  save,
}: {
  readonly kind: DescribedKind;
  /** As it is now; it is changed from what it was at first. */
  readonly current: AppDefinition | PodDefinition;
  /** Amounts that somebody is to look at instead of the present ones: the difference is shown at once. */
  readonly suggested?: SmallerAmounts;
  readonly request: (draft: JsonObject) => ApiRequest;
  readonly command: string;
  readonly save: (draft: JsonObject, how: SaveOptions) => Promise<void>;
}) {
  const [base, setBase] = useState(current);
  const [text, setText] = useState(() => draftText(withAmounts(editable(current), suggested)));
  const parsed = parseDraft(text);
  const isOutdated = current.version > base.version;
  return (
    <Page title={`Edit ${current.id}`}>
      {isOutdated && 'draft' in parsed && (
        <ChangedMeanwhile
          base={editable(base)}
          mine={parsed.draft}
          theirs={editable(current)}
          at={current.version}
          onRebase={() => {
            setText(draftText(rebased(editable(base), parsed.draft, editable(current))));
            setBase(current);
          }}
          onTakeTheirs={() => {
            setText(draftText(editable(current)));
            setBase(current);
          }}
        />
      )}
      <DescriptorEditor
        kind={kind}
        text={text}
        onText={setText}
        verb="Deploy the change"
        before={editable(base)}
        isReviewedAtFirst={Object.values(suggested).some((amount) => amount !== undefined)}
        request={request}
        command={command}
        save={save}
      />
    </Page>
  );
}
