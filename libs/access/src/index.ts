export type { Access, Presented, Unsigned } from './access.js';
export { ANONYMOUS, type MaxClass, type Principal, type Role, ROLES } from './principal.js';
export { hasRight, type Right, RIGHTS } from './rights.js';
