/** Whether a group can be called so. */

/** One name in an id, as Marathon has it: words of small letters, digits and dashes, set apart by dots. */
const NAME = /^(?:(?:[a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])\.)*(?:[a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])$/;

/** What is wrong with the id of a group, e.g. `/shop/web`; undefined when nothing is. */
export function groupProblem(id: string): string | undefined {
  const [before, ...names] = id.split('/');
  if (before !== '' || names.length === 0) return 'The id begins with a slash: /shop';
  const wrong = names.find((name) => !NAME.test(name));
  if (wrong === undefined) return undefined;
  return wrong === ''
    ? 'There is a name behind each slash: /shop/web'
    : `${wrong} is no name: small letters, digits, dashes inside, and dots between words`;
}
