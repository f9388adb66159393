/**
 * The tenant of a call without a credential. There are no credentials yet, so every call has this one tenant.
 * With authentication the credential of the call takes its place wherever this is read.
 */
export const ANONYMOUS = 'anonymous';
