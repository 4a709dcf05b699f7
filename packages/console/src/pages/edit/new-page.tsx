/** Describes a new app: by a form, by JSON, from a file or from another app. */
import { useRef, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { FileUp, FlaskConical } from 'lucide-react';
import { draftText, editable, isObject, parseDraft, type JsonObject } from '../../core/app-draft.ts';
import { SAMPLE_APP } from '../../core/sample-app.ts';
import { api } from '../../data/api.ts';
import { appQuery, versionQuery } from '../../data/queries.ts';
import { Page } from '../../frame/page.tsx';
import { Button } from '../../parts/button.tsx';
import { AppEditor } from './app-editor.tsx';

const EMPTY: JsonObject = { id: '/', cpus: 0.1, mem: 128, instances: 1 };
const FILE_BYTES_MAX = 2 * 1024 * 1024;

export function NewPage() {
  const { clone, group } = useSearch({ from: '/new' });
  const { data: app } = useQuery({ ...appQuery(clone ?? '/'), enabled: clone !== undefined });
  const { data: source } = useQuery({ ...versionQuery(clone ?? '/', app?.version ?? ''), enabled: app !== undefined });
  if (clone !== undefined && source === undefined) return <Page title="New app">{null}</Page>;
  const first =
    source === undefined
      ? { ...EMPTY, id: group === undefined ? '/' : `${group}/` }
      : { ...editable(source), id: `${source.id}-copy` };
  return <Describing key={clone ?? group ?? ''} first={first} />;
}

function Describing({ first }: { readonly first: JsonObject }) {
  const navigate = useNavigate();
  const [text, setText] = useState(() => draftText(first));
  const [problem, setProblem] = useState<string>();
  const file = useRef<HTMLInputElement>(null);

  async function read(chosen: File | undefined): Promise<void> {
    if (chosen === undefined) return;
    if (chosen.size > FILE_BYTES_MAX) {
      setProblem('The file is larger than 2 MiB: that is no descriptor of an app.');
      return;
    }
    const content = await chosen.text();
    const parsed = parseDraft(content);
    setProblem('problem' in parsed ? `The file is no JSON object: ${parsed.problem}` : undefined);
    setText('draft' in parsed ? draftText(parsed.draft) : content);
  }

  return (
    <Page
      title="New app"
      subtitle={problem ?? 'Fill the form or paste a Marathon descriptor: both sides always say the same.'}
      actions={
        <>
          <Button
            icon={<FlaskConical size={15} aria-hidden />}
            onClick={() => {
              const sample: unknown = SAMPLE_APP;
              if (isObject(sample as JsonObject)) setText(draftText(sample as JsonObject));
            }}
          >
            Sample
          </Button>
          <Button icon={<FileUp size={15} aria-hidden />} onClick={() => file.current?.click()}>
            From a file
          </Button>
          <input
            ref={file}
            type="file"
            accept=".json,application/json"
            hidden
            aria-label="Descriptor"
            onChange={(event) => void read(event.target.files?.[0])}
          />
        </>
      }
    >
      <AppEditor
        text={text}
        onText={setText}
        verb="Deploy"
        request={(draft) => ({ method: 'POST', path: '/v2/apps', body: draft })}
        command="stadion app add app.json"
        save={async (draft, how) => {
          const { id } = await api.createApp({ query: how, body: draft });
          await navigate({ to: '/app/$', params: { _splat: id.slice(1) } });
        }}
      />
    </Page>
  );
}
