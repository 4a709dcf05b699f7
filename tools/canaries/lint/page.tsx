/** Must be refused by the linter, as if it stood in a page of the console: each marked line by the rule that its comment names. */
import { useEffect, useMemo, useRef, useState } from 'react';

export const now = Date.now(); // no-restricted-properties
export default now; // no-restricted-syntax

export function Canary({ isShown, id }: { readonly isShown: boolean; readonly id: string }) {
  if (isShown) return null;
  const [count, setCount] = useState(0); // rules-of-hooks
  useEffect(() => { // rules-of-hooks
    setTimeout(() => undefined, 1); // no-restricted-globals
    fetch(id); // no-floating-promises
  });
  const anything = JSON.parse(id) as any; // no-explicit-any
  console.log(count); // no-console
  return <p onClick={() => setCount(1)}>{String(anything)}</p>;
}

export function Compiled({ id }: { readonly id: string }) {
  const [count, setCount] = useState(0);
  const place = useRef(0);
  setCount(count + 1); // set-state-in-render
  const chance = Math.random(); // purity
  return <p>{id}{count}{chance}{place.current}</p>;
}

export function Watching({ id }: { readonly id: string }) {
  const [count, setCount] = useState(0);
  useEffect(() => {
    setCount(1); // set-state-in-effect
  }, [id]);
  const text = useMemo(() => `${id}${String(count)}`, [id]); // exhaustive-deps
  const Inner = () => <b>{text}</b>;
  return <Inner />;
}
