/** The admin port: Stadion's own API, and what tools for marathon-lb and Traefik ask for. */
import Fastify, { type FastifyInstance } from 'fastify';
import { noSchemas } from '@stadion/base/no-schemas';
import type { EdgeAdminParts } from './admin-parts.ts';
import { addMarathonLbRoutes } from './marathon-lb-api.ts';
import { metricsText } from './metrics.ts';
import { addStadionRoutes } from './stadion-api.ts';
import { addTraefikRoutes } from './traefik-api.ts';

/** Makes the server; it does not listen yet. Whoever lets it listen beyond loopback sees to it that strangers stay out. */
export function createEdgeAdmin(parts: EdgeAdminParts): FastifyInstance {
  const http = Fastify({ logger: false, schemaController: noSchemas, forceCloseConnections: true });
  addStadionRoutes(http, parts);
  addMarathonLbRoutes(http, parts);
  addTraefikRoutes(http, parts);
  http.get('/metrics', (_request, reply) =>
    reply.type('text/plain; version=0.0.4').send(metricsText(parts.edge, parts.clock.now())),
  );
  return http;
}
