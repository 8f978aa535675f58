import { z } from 'zod';
import { VERSION } from '../../base/version.js';
import { failureBody } from './contract.js';
import { ALL_ROUTES, type AnyRouteName, ROUTE_TABLE, type RouteInfo } from './route-table.js';
import { CSRF_HEADER } from './web-contract.js';

const JSON_TYPE = 'application/json';

/** The OpenAPI 3.1 document of all routes, made of the schemas that check the requests. */
export function openApiDocument(product: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, { method, path }] of Object.entries(ALL_ROUTES)) {
    const operations = (paths[path.replaceAll(/:(\w+)/g, '{$1}')] ??= {});
    operations[method.toLowerCase()] = operation(name as AnyRouteName, path);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: `codis-config dashboard of ${product}`,
      version: VERSION,
      description:
        'The routes of Codis 2 and those beyond them. Errors are one line of text with status 500, ' +
        'as in Codis; with Accept: application/json they have a fitting status and are JSON.',
    },
    paths,
    components: {
      schemas: { Failure: schemaOf(failureBody, 'output') },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: {
          ...{ type: 'apiKey', in: 'cookie', name: `codis_${product}` },
          description: `Set by POST /api/session; with it, every change needs the header ${CSRF_HEADER}`,
        },
      },
    },
  };
}

function operation(name: AnyRouteName, path: string): Record<string, unknown> {
  const info = ROUTE_TABLE[name];
  const needs = info.needs === 'nobody' ? 'Open to all.' : `Needs the role ${info.needs}.`;
  return {
    operationId: name,
    summary: info.summary,
    description: needs,
    ...(info.needs === 'nobody' ? {} : { security: [{ token: [] }, { session: [] }] }),
    parameters: parameters(path, info),
    ...(info.body && {
      requestBody: {
        required: true,
        content: { [JSON_TYPE]: { schema: schemaOf(info.body, 'input') } },
      },
    }),
    responses: {
      200: {
        description: 'done',
        ...(info.reply && {
          content: { [JSON_TYPE]: { schema: schemaOf(info.reply, 'output') } },
        }),
      },
      default: {
        description: 'refused or failed',
        content: { [JSON_TYPE]: { schema: { $ref: '#/components/schemas/Failure' } } },
      },
    },
  };
}

function parameters(path: string, { query }: RouteInfo): Record<string, unknown>[] {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    ...{ name, in: 'path', required: true, schema: { type: 'string' } },
  }));
  const inQuery = Object.entries(query?.shape ?? {}).map(([name, type]) => ({
    ...{ name, in: 'query' },
    required: !(type as z.ZodType).safeParse(undefined).success,
    schema: schemaOf(type as z.ZodType, 'input'),
  }));
  return [...inPath, ...inQuery];
}

function schemaOf(type: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io, unrepresentable: 'any' });
  return schema;
}
