/** What specs import from `@jest/globals`, in a process without Jest. */
export * from 'jest-circus';
export { expect } from 'expect';
