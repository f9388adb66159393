import type { lost } from './stood-in.js';
export * from '../../../../libs/core/src/answers/lost.js';

/** Stands in for the refusals of what has come to nothing: there are none. */
export const refuseLost: typeof lost.refuseLost = () => [];
