/**
 * How long a test waits for a fact before it is taken for lost. It only ends what hangs: a test that needs a quarter of
 * a second on an idle machine passes on one that is a thousand times slower.
 */
export const PATIENCE_MS = 240_000;
