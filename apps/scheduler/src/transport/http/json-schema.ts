import { z } from 'zod';
import {
  auditRecordSchema,
  explanationSchema,
  fleetSchema,
  modelSchema,
  planSchema,
  problemSchema,
  routeSchema,
  scalingSchema,
  serverSchema,
} from '#contracts';

export type Json = Record<string, unknown>;

const NAMED = {
  Route: routeSchema,
  Model: modelSchema,
  Server: serverSchema,
  Fleet: fleetSchema,
  AuditRecord: auditRecordSchema,
  Explanation: explanationSchema,
  Plan: planSchema,
  Scaling: scalingSchema,
  Problem: problemSchema,
};

/** The same for every operation that tells of them: what has a name is published once. */
for (const [id, schema] of Object.entries(NAMED)) z.globalRegistry.add(schema, { id });

/** A schema as OpenAPI 3.1 has it. What it tells by name is in `$defs`. */
export function jsonSchema(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json;
  return rest;
}

/** What a merge patch of such an object may be: any of its keys, each with null to take it out. */
export const mergePatchOf = (schema: z.ZodType): Json => patchOf(jsonSchema(schema));

function patchOf(object: Json): Json {
  const properties = Object.entries(object['properties'] as Record<string, Json>).map(([key, schema]) => {
    const inner = schema['properties'] === undefined ? schema : patchOf(schema);
    return [key, { anyOf: [inner, { type: 'null' }] }];
  });
  const { required: _, ...rest } = object;
  return { ...rest, properties: Object.fromEntries(properties) };
}
