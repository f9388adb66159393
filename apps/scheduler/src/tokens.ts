/** Injection tokens of what is no class. */
export const LOG = Symbol('log');
