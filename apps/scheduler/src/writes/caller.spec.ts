import { describe, expect, it } from '@jest/globals';
import { type Caller, callerOf, checkIfMatch, checkNoIfMatch } from './caller.js';

const caller = (headers: Record<string, string>): Caller => callerOf((name) => headers[name]);

describe('If-None-Match: *', () => {
  const creating = caller({ 'if-none-match': '*' });

  it('is met by what is not there, or was not declared over the API', () => {
    expect(() => checkIfMatch(creating, null)).not.toThrow();
    expect(() => checkIfMatch(creating, 0, true)).not.toThrow();
  });

  it('is not met by what is there', () => {
    expect(() => checkIfMatch(creating, 7)).toThrow(/the revision is "7"/);
    expect(() => checkNoIfMatch(creating)).toThrow(/If-None-Match: must not be given/);
  });

  it('is the only thing that it may say', () => {
    expect(() => caller({ 'if-none-match': '"7"' })).toThrow(/If-None-Match: must be \*/);
  });
});
