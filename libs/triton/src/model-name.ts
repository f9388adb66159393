import type { ModelId } from '#core';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/**
 * Whether a name may be adopted and sent. Triton 2.51 takes `..` for a path and lists folders such as `.git` as
 * models, so what could be one of these never gets in.
 */
export function isModelName(name: string): name is ModelId {
  return NAME.test(name) && !name.includes('..');
}
