export type { Access, Presented, Unsigned } from './access.js';
export type { Auth } from './auth.js';
export { bearerOf } from './bearer.js';
export { hashOf, newKey } from './keys.js';
export { ANONYMOUS, longestLeaseOf, type MaxClass, type Principal, type Role, ROLES } from './principal.js';
export { hasRight, type Right, RIGHTS } from './rights.js';
export { SignIn } from './sign-in.js';
