/** The certificates that the edge shows, the one that ends first on top. */
import { useQuery } from '@tanstack/react-query';
import { counted } from '../../core/amounts.ts';
import { edgeCertificatesQuery } from '../../data/cluster-queries.ts';
import { Badge } from '../../parts/badge.tsx';
import { Panel } from '../../parts/panel.tsx';
import { PlainTable } from '../../parts/plain-table.tsx';

/** With so few days left, somebody should look why it was not renewed. */
const SOON_DAYS = 14;

export function Certificates() {
  const { data } = useQuery(edgeCertificatesQuery);
  const certificates = [...(data?.certificates ?? [])].sort((left, right) => left.daysLeft - right.daysLeft);
  if (certificates.length === 0) return null;
  return (
    <Panel title="Certificates" isFlush>
      <PlainTable label="Certificates, a table" titles={['Names', 'From', 'Issuer', 'Good for']}>
        {certificates.map(({ names, source, issuer, daysLeft }) => (
          <tr key={`${source} ${names.join(' ')}`}>
            <th scope="row">
              <bdi>{names.join(', ')}</bdi>
            </th>
            <td>
              <bdi>{source}</bdi>
            </td>
            <td>
              <bdi>{issuer}</bdi>
            </td>
            <td>
              <Badge tone={daysLeft > SOON_DAYS ? 'good' : 'bad'} isBare>
                {daysLeft < 0 ? 'no longer' : counted(daysLeft, 'day')}
              </Badge>
            </td>
          </tr>
        ))}
      </PlainTable>
    </Panel>
  );
}
