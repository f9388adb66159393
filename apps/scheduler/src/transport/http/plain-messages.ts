import { Body, StandardSchemaValidationPipe } from '@nestjs/common';
import { ApiBody } from '@nestjs/swagger';
import type { z } from 'zod';
import { check } from '#config';
import { invalid } from '../errors/refused.js';
import { type Json, jsonSchema } from './json-schema.js';

/** A schema as Nest takes it for a parameter, with what is published of it. */
export interface Worded<T = unknown> {
  readonly '~standard': z.ZodType<T>['~standard'];
  readonly published: Json;
}

/** A schema for Nest's parameters whose broken rules are told with their path and in plain words. */
export function withPlainMessages<T>(
  schema: z.ZodType<T>,
  at = '',
  published = jsonSchema(schema),
): Worded<T> {
  const validate: Worded<T>['~standard']['validate'] = (value) => {
    const checked = check(schema, value);
    if (checked.ok) return { value: checked.value };
    return {
      issues: checked.errors.map(({ path, rule }) => ({ message: rule, path: [path === '' ? at : path] })),
    };
  };
  return { '~standard': { ...schema['~standard'], validate }, published };
}

/** Hands a handler the body, checked by one schema. Where another checks all of it later, that one is published. */
export function JsonBody(
  schema: z.ZodType,
  whole = schema,
  publish: (whole: z.ZodType) => Json = jsonSchema,
): ParameterDecorator {
  const body = Body({ schema: withPlainMessages(schema, '', publish(whole)) });
  const described = ApiBody({ required: !whole.safeParse(undefined).success });
  return (target, name, index) => {
    body(target, name, index);
    described(target, name!, Object.getOwnPropertyDescriptor(target, name!)!);
  };
}

/** Nest's own pipe, with our refusal. It takes no keys out: what would reach prototypes was refused when the body was read. */
class Checks extends StandardSchemaValidationPipe {
  protected override stripProtoKeys(): void {}
}

export const checks = (): StandardSchemaValidationPipe =>
  new Checks({
    exceptionFactory: (issues) =>
      invalid(
        issues.map(({ message, path }) => ({ path: path?.map(String).join('.') ?? '', rule: message })),
      ),
  });
