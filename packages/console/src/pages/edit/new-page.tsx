/** Describes a new app or pod: by a form, by JSON, from a file or from another app. */
import { useRef, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Blocks, Box, FileUp, FlaskConical } from 'lucide-react';
import { draftText, editable, isPodDraft, parseDraft, type JsonObject } from '../../core/app-draft.ts';
import { asPod } from '../../core/app-problems.ts';
import { SAMPLE_APP, SAMPLE_POD } from '../../core/sample-app.ts';
import { api } from '../../data/api.ts';
import { appQuery, podQuery, podVersionQuery, versionQuery } from '../../data/queries.ts';
import { Page } from '../../frame/page.tsx';
import { Button } from '../../parts/button.tsx';
import { APP, POD } from './described-kinds.tsx';
import { DescriptorEditor } from './descriptor-editor.tsx';

const EMPTY: JsonObject = { id: '/', cpus: 0.1, mem: 128, instances: 1 };
const EMPTY_POD: JsonObject = {
  id: '/',
  scaling: { kind: 'fixed', instances: 1 },
  containers: [{ name: 'main', resources: { cpus: 0.1, mem: 128 } }],
};
const FILE_BYTES_MAX = 2 * 1024 * 1024;

export function NewPage() {
  const { clone, version, group, kind } = useSearch({ from: '/new' });
  const source = useSource(clone, version, kind);
  if (clone !== undefined && source === undefined) return <Page title="New app">{null}</Page>;
  const first =
    source === undefined
      ? { ...(kind === 'pod' ? EMPTY_POD : EMPTY), id: group === undefined ? '/' : `${group}/` }
      : { ...editable(source), id: `${source.id}-copy` };
  return <Describing key={`${clone ?? group ?? ''} ${version ?? ''} ${kind ?? ''}`} first={first} />;
}

/** What a new one begins as, when it is to be like another: an app or a pod, as it is or as it was at a version. */
function useSource(clone: string | undefined, version: string | undefined, kind: string | undefined) {
  const id = clone ?? '/';
  const isPod = kind === 'pod';
  const isNow = clone !== undefined && version === undefined;
  const { data: app } = useQuery({ ...appQuery(id), enabled: isNow && !isPod });
  const { data: pod } = useQuery({ ...podQuery(id), enabled: isNow && isPod });
  const wanted = version ?? (isPod ? pod?.spec.version : app?.version);
  const isKnown = clone !== undefined && wanted !== undefined;
  const { data: oldApp } = useQuery({ ...versionQuery(id, wanted ?? ''), enabled: isKnown && !isPod });
  const { data: oldPod } = useQuery({ ...podVersionQuery(id, wanted ?? ''), enabled: isKnown && isPod });
  return isPod ? oldPod : oldApp;
}

function Describing({ first }: { readonly first: JsonObject }) {
  const navigate = useNavigate();
  const [text, setText] = useState(() => draftText(first));
  const [wasPod, setWasPod] = useState(isPodDraft(first));
  /** What was written of the other kind: to look at the one loses nothing of the other. */
  const [other, setOther] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const file = useRef<HTMLInputElement>(null);

  async function read(chosen: File | undefined): Promise<void> {
    if (chosen === undefined) return;
    if (chosen.size > FILE_BYTES_MAX) {
      setProblem('The file is larger than 2 MiB: that is no descriptor.');
      return;
    }
    const content = await chosen.text();
    const found = parseDraft(content);
    setProblem('problem' in found ? `The file is no JSON object: ${found.problem}` : undefined);
    setText('draft' in found ? draftText(found.draft) : content);
  }

  // What is written decides: a pasted pod is a pod, wherever it is pasted.
  const parsed = parseDraft(text);
  const isPod = 'draft' in parsed ? isPodDraft(parsed.draft) : wasPod;
  if (isPod !== wasPod) setWasPod(isPod);
  const name = isPod ? 'pod' : 'app';
  return (
    <Page
      title={`New ${name}`}
      subtitle={problem ?? 'Fill the form or paste a Marathon descriptor: both sides always say the same.'}
      actions={
        <>
          <Button
            icon={isPod ? <Box size={15} aria-hidden /> : <Blocks size={15} aria-hidden />}
            onClick={() => {
              setText(other ?? draftText(isPod ? EMPTY : EMPTY_POD));
              setOther(text);
            }}
          >
            {isPod ? 'An app instead' : 'A pod instead'}
          </Button>
          <Button
            icon={<FlaskConical size={15} aria-hidden />}
            onClick={() => {
              setText(draftText(isPod ? SAMPLE_POD : SAMPLE_APP));
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
      <DescriptorEditor
        kind={isPod ? POD : APP}
        text={text}
        onText={setText}
        verb="Deploy"
        request={(draft) => ({ method: 'POST', path: `/v2/${name}s`, body: draft })}
        command={`stadion ${name} add ${name}.json`}
        save={async (draft, how) => {
          const { id } = await (isPod
            ? api.createPod({ query: how, body: asPod(draft) })
            : api.createApp({ query: how, body: draft }));
          await navigate({ to: isPod ? '/pod/$' : '/app/$', params: { _splat: id.slice(1) } });
        }}
      />
    </Page>
  );
}
