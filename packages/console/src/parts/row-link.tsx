/** A link for the rows of long lists: an address is all that it works out before somebody follows it. */
import type { MouseEvent, ReactNode } from 'react';
import { useRouter } from '@tanstack/react-router';

export function RowLink({
  href,
  className,
  title,
  children,
}: {
  /** Path and query, encoded. */
  readonly href: string;
  readonly className?: string | undefined;
  readonly title?: string;
  readonly children: ReactNode;
}) {
  const router = useRouter();
  function follow(event: MouseEvent<HTMLAnchorElement>): void {
    // With a key held down the browser opens it elsewhere, as it does with every link.
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void router.navigate({ href });
  }
  return (
    <a href={href} className={className} title={title} onClick={follow}>
      {children}
    </a>
  );
}
