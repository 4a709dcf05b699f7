/** Settings of TLS on the ports of the platform, and between its parts on several machines. */
import { Type } from '@sinclair/typebox';
import { stringEnum } from './string-enum.ts';

const file = (description: string) => Type.Optional(Type.String({ minLength: 1, valueName: 'file', description }));

/** How far TLS goes. */
export type TlsMode = 'off' | 'on' | 'required';

/** What is shown to ZooKeeper and whom to believe, where it is spoken to by TLS. */
export const zkTlsSettings = {
  zkTlsCa: file(
    'authorities (PEM) that ZooKeeper’s certificates are from, with --zk zks://… (default: those that everybody believes)',
  ),
  zkTlsCert: file('certificate (PEM) to show to ZooKeeper, with --zk zks://…; read again for each connection'),
  zkTlsKey: file('key of --zk-tls-cert'),
};

/** Part of {@link import('./server-config.ts').ServerConfig}. */
export const tlsSettings = {
  tls: Type.Unsafe<TlsMode>({
    ...stringEnum(['off', 'on', 'required']),
    default: 'off',
    valueName: 'mode',
    description:
      'TLS with certificates on both sides between the machines of a cluster: on (ports answer plain HTTP as well) or required ' +
      '(from other machines nothing else is taken)',
  }),
  tlsCert: file(
    "certificate of this machine (PEM), read again when it changes (default: one of the cluster's own authority)",
  ),
  tlsKey: file('key of --tls-cert'),
  tlsCa: file('authorities (PEM) that the certificates of the other machines are from, with --tls-cert'),
};
