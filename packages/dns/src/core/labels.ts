/** Turns names of tasks, ports and frameworks into DNS labels, exactly as Mesos-DNS does. */

/** Makes one label of a text; the result may be empty. */
export type LabelRule = (text: string) => string;

/** RFC 1123: letters, digits and inner dashes, at most 63. The default. */
export const rfc1123Label: LabelRule = (text) => mangle(text, /^-+/, 63);

/** RFC 952: as before, but the first character is a letter, and at most 24 characters. */
export const rfc952Label: LabelRule = (text) => mangle(text, /^[-0-9]+/, 24);

/** A framework's name keeps its dots: each part is made a label of its own, empty ones are left out. */
export function domainFragment(name: string, rule: LabelRule): string {
  return name
    .split('.')
    .map(rule)
    .filter((label) => label !== '')
    .join('.');
}

function mangle(text: string, leading: RegExp, lengthMax: number): string {
  let rest = text
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    .replace(/[._]/g, '-')
    .replace(/[^a-z0-9-]/g, '')
    .replace(leading, '');
  let label = '';
  // When the cut leaves dashes at the end they go, and what follows fills the room up again.
  while (rest !== '' && label.length < lengthMax) {
    const room = lengthMax - label.length;
    const taken = `${label}${rest.slice(0, room)}`;
    rest = rest.slice(room).replace(/^-+/, '');
    label = taken.replace(/-+$/, '');
    if (label === taken) break;
  }
  return label;
}
