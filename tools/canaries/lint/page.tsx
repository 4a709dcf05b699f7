/** Must be refused by the linter, as if it stood in a page of the console: each marked line by the rule that its comment names. */
import { useEffect, useState } from 'react';

export const now = Date.now(); // no-restricted-properties
export default now; // no-restricted-syntax

export function Canary({ isShown, id }: { readonly isShown: boolean; readonly id: string }) {
  if (isShown) return null;
  const [count, setCount] = useState(0); // react-hooks/rules-of-hooks
  useEffect(() => { // react-hooks/rules-of-hooks
    setTimeout(() => undefined, 1); // no-restricted-globals
    fetch(id); // no-floating-promises
  });
  const anything = JSON.parse(id) as any; // no-explicit-any
  console.log(count); // no-console
  return <p onClick={() => setCount(1)}>{String(anything)}</p>;
}
