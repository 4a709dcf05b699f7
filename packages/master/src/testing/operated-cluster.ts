/** A cluster whose master listens, with an agent, a framework and an operator. */
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { FrameworkInfo, Resource } from '@stadion/contract/mesos';
import { createMasterHttp } from '../http/master-http.ts';
import { Cluster, type ScriptedAgent, type ScriptedFramework } from './cluster.ts';
import { HttpFramework } from './http-framework.ts';

export interface OperatedCluster {
  readonly cluster: Cluster;
  readonly app: FastifyInstance;
  readonly agent: ScriptedAgent;
  readonly framework: ScriptedFramework;
  /** Speaks the operator API. */
  readonly operator: HttpFramework;
}

/** Whoever starts it closes `app`. */
export async function startOperatedCluster(has: Resource[], info: Partial<FrameworkInfo>): Promise<OperatedCluster> {
  const cluster = await Cluster.start();
  const app = createMasterHttp(cluster.master);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const operator = new HttpFramework((app.server.address() as AddressInfo).port, '/api/v1');
  const agent = await cluster.agent('a1', has);
  const framework = await cluster.framework(info);
  return { cluster, app, agent, framework, operator };
}
