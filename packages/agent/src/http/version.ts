/** `/version`, and the version within `/state` and `GET_VERSION`. */

/** Clients parse `version` as dotted numbers; what Mesos says of its build is not kept here. */
export function versionJson(version: string) {
  return { version, build_date: '', build_time: 0, build_user: 'stadion' };
}
