/** What the pages of the admin port have in common. */
import type { Clock } from '@stadion/base';
import type { CertificateKeeper } from '../certs/certificate-keeper.ts';
import type { Edge } from '../edge.ts';

/** What the admin port is made with. */
export interface EdgeAdminParts {
  readonly edge: Edge;
  readonly certificates: CertificateKeeper;
  readonly clock: Clock;
}
