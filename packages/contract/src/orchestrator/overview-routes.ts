/** Routes for overviews of very many apps and instances. */
import { Type } from '@sinclair/typebox';
import { AppSummaryPage, InstanceSummaryPage, OVERVIEW_IDS_MAX, OVERVIEW_PAGE_ROWS_MAX } from '../overview.ts';
import { route } from './route.ts';

const Page = {
  after: Type.Optional(Type.String()),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: OVERVIEW_PAGE_ROWS_MAX })),
};

/** Beside Marathon's lists, which give everything at once. */
export const overviewRoutes = {
  listAppSummaries: route({
    method: 'GET',
    path: '/v2/overview/apps',
    permission: 'apps:read',
    isFiltered: true,
    summary: 'List apps in short, page by page, or those with the given ids',
    query: Type.Object({ ...Page, id: Type.Optional(Type.Array(Type.String(), { maxItems: OVERVIEW_IDS_MAX })) }),
    answers: { 200: AppSummaryPage },
  }),
  listInstanceSummaries: route({
    method: 'GET',
    path: '/v2/overview/instances',
    permission: 'apps:read',
    isFiltered: true,
    summary: 'List instances in short, page by page, of all agents or of one',
    query: Type.Object({ ...Page, agent: Type.Optional(Type.String()) }),
    answers: { 200: InstanceSummaryPage },
  }),
};
