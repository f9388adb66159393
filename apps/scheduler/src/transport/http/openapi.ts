import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { problemSchema } from '#contracts';
import { OPERATIONS } from '../access/operations.js';
import { PAGE_TYPE } from '../lists/pages.js';
import { type Json, jsonSchema } from './json-schema.js';
import type { Worded } from './plain-messages.js';

/** What is published: each path's operations, by method. */
export interface Published extends Json {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>;
}

/**
 * The OpenAPI 3.1 document, as the controllers and their schemas say. `isGuarded`: whether callers need credentials, and the
 * document says so.
 */
export function openApi(app: INestApplication, isGuarded: boolean): Published {
  const base = new DocumentBuilder()
    .setTitle('Berth')
    .setDescription('Places many models on few GPUs.')
    .setVersion('1')
    .setOpenAPIVersion('3.1.0')
    .addSecurity('bearer', { type: 'http', scheme: 'bearer' });
  const document = SwaggerModule.createDocument(app, base.build(), {
    autoTagControllers: false,
    standardSchemaConverter: (schema) => converted(schema as z.ZodType | Worded),
  }) as unknown as Published & { readonly components: { readonly schemas: Json; securitySchemes?: Json } };
  Object.assign(document.components.schemas, converted(problemSchema).components);
  if (isGuarded) return document;
  delete document.components.securitySchemes;
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  for (const operation of operations) delete operation['security'];
  return document;
}

/** Serves the same bytes to all callers: an answer that is not taken holds no bytes of its own. */
export function serveOpenApi(fastify: FastifyInstance, document: Published): void {
  const bytes = Buffer.from(JSON.stringify(document));
  const config = { needs: OPERATIONS.GetOpenApi, isOwn: true };
  fastify.get('/openapi.json', { config }, (_, reply) => reply.type(PAGE_TYPE).send(bytes));
}

function converted(schema: z.ZodType | Worded): { readonly schema: Json; readonly components: Json } {
  const { $defs = {}, ...rest } = 'published' in schema ? schema.published : jsonSchema(schema);
  return { schema: rest, components: $defs as Json };
}
