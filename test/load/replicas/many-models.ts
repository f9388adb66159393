/** A model that every server could load, and none has. */
export const COLD = 'cold';

/** The models that serve on a server of this number. */
export const modelsOf = (server: number, count: number): string[] =>
  Array.from({ length: count }, (_, nth) => `model-${server}-${nth}`);
