/** `--master zk://…`, as frameworks of Mesos take it: where the masters meet. Undefined: it says something else. */
export function meetingPlaceIn(master: string | undefined): string | undefined {
  const text = master?.trim();
  return text !== undefined && /^zks?:\/\//.test(text) ? text : undefined;
}
