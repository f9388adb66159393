import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { z } from 'zod';
import {
  explanationSchema,
  fleetSchema,
  modelSchema,
  planSchema,
  problemSchema,
  routeSchema,
  serverSchema,
} from '#contracts';
import { nameSchema } from '#config';
import { CREATE, KEY, TAGS } from '../writes/caller.js';
import { type Described, OPERATIONS } from './operations.js';

type Json = Record<string, unknown>;

/** What is published: each path's operations, by method. */
export interface Published extends Json {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>;
}

const NAMED = new Map<z.ZodType, string>([
  [routeSchema, 'Route'],
  [modelSchema, 'Model'],
  [serverSchema, 'Server'],
  [fleetSchema, 'Fleet'],
  [explanationSchema, 'Explanation'],
  [planSchema, 'Plan'],
  [problemSchema, 'Problem'],
]);

const IDEMPOTENCY_KEY = header(
  'Idempotency-Key',
  'The same write with the same key takes effect once; kept 24 h.',
  KEY,
);
const WRITE_HEADERS = [
  IDEMPOTENCY_KEY,
  header('If-Match', 'The revision that is meant, as an ETag tells it.', TAGS),
];
const HEADERS = {
  true: WRITE_HEADERS,
  'or creates': [
    ...WRITE_HEADERS,
    header('If-None-Match', 'Creates only: refused where the API has declared it already.', CREATE),
  ],
  'without a revision': [IDEMPOTENCY_KEY],
};

/** The OpenAPI 3.1 document: paths and parameters as Nest finds them, the rest from our table and schemas. */
export function openApi(app: INestApplication): Published {
  const base = new DocumentBuilder()
    .setTitle('Berth')
    .setDescription('Places many models on few GPUs.')
    .setVersion('1')
    .setOpenAPIVersion('3.1.0')
    .build();
  const found = SwaggerModule.createDocument(app, base).paths as Record<string, Record<string, Json>>;
  const paths: Record<string, Record<string, Json>> = {};
  for (const [key, described] of Object.entries(OPERATIONS)) {
    const [method = '', path = ''] = key.split(' ');
    const operation = found[path]?.[method] ?? { parameters: pathParameters(path) };
    paths[path] = { ...paths[path], [method]: completed(operation, key, described) };
  }
  return { ...base, openapi: '3.1.0', paths, components: { schemas: components() } } satisfies Json &
    Partial<Record<keyof OpenAPIObject, unknown>>;
}

function completed(operation: Json, key: string, described: Described): Json {
  const { summary, answers, write } = described;
  const parameters = [
    ...((operation['parameters'] as Json[] | undefined) ?? []),
    ...(write === undefined ? [] : HEADERS[`${write}`]),
  ];
  const answered = Object.entries(answers).map(([status, schema]) => [status, answer(schema)]);
  const known = operation['requestBody'] as Json | undefined;
  return {
    operationId: key.replaceAll(/[^a-z0-9]+/g, '_').replace(/_$/, ''),
    summary,
    parameters: parameters.filter((parameter) => parameter['name'] !== undefined),
    ...bodyOf(key, described, known),
    responses: { ...Object.fromEntries(answered), default: problem() },
  };
}

/** Only what is put or patched must be there. */
function bodyOf(key: string, { body, patch }: Described, known: Json | undefined): Json {
  const required = /^(put|patch) |:batch$/.test(key);
  if (body !== undefined && patch) {
    const schema = { schema: patchOf(jsonSchema(body)) };
    const types = { 'application/json': schema, 'application/merge-patch+json': schema };
    return { requestBody: { required, content: types } };
  }
  if (body !== undefined) return { requestBody: { required, ...content(body) } };
  return known === undefined ? {} : { requestBody: { ...known, required } };
}

function answer(schema: z.ZodType | null): Json {
  return schema === null ? { description: 'Done' } : { description: 'Done', ...content(schema) };
}

const problem = (): Json => ({
  description: 'A refusal',
  content: { 'application/problem+json': { schema: schemaOf(problemSchema) } },
});

const content = (schema: z.ZodType): Json => ({
  content: { 'application/json': { schema: schemaOf(schema) } },
});

function schemaOf(schema: z.ZodType): Json {
  const name = NAMED.get(schema);
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
  if (schema instanceof z.ZodObject && schema.shape['items'] instanceof z.ZodArray) return pageOf(schema);
  return jsonSchema(schema);
}

/** A page names its items' schema instead of repeating it. */
function pageOf(page: z.ZodObject): Json {
  const items = page.shape['items'] as z.ZodArray<z.ZodType>;
  const plain = jsonSchema(page);
  const properties = plain['properties'] as Json;
  return {
    ...plain,
    properties: { ...properties, items: { type: 'array', items: schemaOf(items.element) } },
  };
}

function components(): Json {
  return Object.fromEntries([...NAMED].map(([schema, name]) => [name, jsonSchema(schema)]));
}

function jsonSchema(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json;
  return rest;
}

/** What a merge patch of such an object may be: any of its keys, each with null to take it out. */
function patchOf(object: Json): Json {
  const properties = Object.entries(object['properties'] as Record<string, Json>).map(([key, schema]) => {
    const inner = schema['properties'] === undefined ? schema : patchOf(schema);
    return [key, { anyOf: [inner, { type: 'null' }] }];
  });
  const { required: _, ...rest } = object;
  return { ...rest, properties: Object.fromEntries(properties) };
}

const pathParameters = (path: string): Json[] =>
  [...path.matchAll(/\{([a-z]+)\}/g)].map(([, name]) => {
    return { name, in: 'path', required: true, schema: jsonSchema(nameSchema) };
  });

function header(name: string, description: string, pattern?: RegExp): Json {
  const schema = { type: 'string', ...(pattern && { pattern: pattern.source }) };
  return { name, in: 'header', required: false, description, schema };
}
