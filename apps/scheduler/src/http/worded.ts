import { StandardSchemaValidationPipe } from '@nestjs/common';
import type { z } from 'zod';
import { check } from '#config';
import { invalid } from '../errors/refused.js';

type Validate<T> = z.ZodType<T>['~standard']['validate'];

/** A schema for Nest's parameters whose broken rules are told with their path and in plain words. */
export function worded<T>(schema: z.ZodType<T>, at = ''): z.ZodType<T> {
  const validate: Validate<T> = (value) => {
    const checked = check(schema, value);
    if (checked.ok) return { value: checked.value };
    return {
      issues: checked.errors.map(({ path, rule }) => ({ message: rule, path: [path === '' ? at : path] })),
    };
  };
  return { '~standard': { ...schema['~standard'], validate } } as unknown as z.ZodType<T>;
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
