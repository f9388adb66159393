/**
 * Whoever shows no credential. There are none yet, so that everybody is this one tenant: with authentication the credential
 * of the call takes its place wherever this is read.
 */
export const ANONYMOUS = 'anonymous';
