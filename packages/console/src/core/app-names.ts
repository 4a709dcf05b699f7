/** How an app is called among names: Mesos-DNS's way. */

/** The first part of an app's names: its id from the inside out, `/shop/web` is `web.shop`. */
export function appLabel(appId: string): string {
  return appId
    .split('/')
    .filter((segment) => segment !== '')
    .reverse()
    .join('.');
}
