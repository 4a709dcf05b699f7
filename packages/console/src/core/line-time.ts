/** When a line of a log says that it was written. */

/** RFC 3339 and ISO 8601 in full, with a space or a comma where some loggers put them; without a zone it is UTC. */
const ISO = /(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,3})\d*)?\s?(Z|[+-]\d\d:?\d\d)?/;
/** The Common Log Format of web servers. */
const COMMON = /\[(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)\]/;
/** Milliseconds since the epoch, as structured loggers write them. */
const EPOCH = /"(?:time|ts|timestamp)":\s?(\d{13})\b/;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Where in a line its time is looked for: further behind it is a time that the line speaks of. */
const LOOKED_AT = 160;

/** Milliseconds since the epoch, or undefined when the line does not begin with a time that is known here. */
export function timeOfLine(line: string): number | undefined {
  const start = line.slice(0, LOOKED_AT);
  const iso = ISO.exec(start);
  if (iso !== null) {
    const [, day = '', clock = '', fraction = '0', zone = 'Z'] = iso;
    return known(Date.parse(`${day}T${clock}.${fraction.padEnd(3, '0')}${withColon(zone)}`));
  }
  const common = COMMON.exec(start);
  if (common !== null) {
    const [, day = '', name = '', year = '', clock = '', hours = '', minutes = ''] = common;
    const month = String(MONTHS.indexOf(name) + 1).padStart(2, '0');
    return known(Date.parse(`${year}-${month}-${day}T${clock}${hours}:${minutes}`));
  }
  const epoch = EPOCH.exec(start);
  return epoch === null ? undefined : Number(epoch[1]);
}

function withColon(zone: string): string {
  return /^[+-]\d{4}$/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone;
}

function known(time: number): number | undefined {
  return Number.isNaN(time) ? undefined : time;
}
