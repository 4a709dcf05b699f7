/** The JSON editor, read when one is first shown. */
import { Suspense, lazy, type ComponentProps } from 'react';
import { loadPart } from '../data/load-part.ts';

const JsonEditor = lazy(async () => ({ default: (await loadPart(() => import('./json-editor.tsx'))).JsonEditor }));

export function LazyJsonEditor(props: ComponentProps<typeof JsonEditor>) {
  return (
    <Suspense fallback={<div style={{ minHeight: '12rem' }} aria-busy />}>
      <JsonEditor {...props} />
    </Suspense>
  );
}
