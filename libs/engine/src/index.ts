export type { Answer, Pending, ResolveQuery, Route } from './answer.js';
export { Engine, type EngineParts } from './engine.js';
export type { Leadership } from './ports/leadership.js';
export type { Clock } from './ports/clock.js';
export type * from './ports/declarations.js';
export type * from './ports/learned.js';
export { LookRefused, type ModelDescription, type ModelServer, OrderRefused } from './ports/model-server.js';
export type { Observer, Turn } from './ports/observer.js';
export { type Difference, type RecordedTurn, Replay } from './replay.js';
