import { describe, expect, it } from '@jest/globals';
import { ANONYMOUS } from '#access';
import { type Caller, callerOf, checkConditions, checkIfMatch, checkNoIfMatch, checkPut } from './caller.js';

const caller = (headers: Record<string, string>): Caller => callerOf(ANONYMOUS, (name) => headers[name]);

describe('If-None-Match: *', () => {
  const creating = caller({ 'if-none-match': '*' });

  it('is met by what is not there, or was not declared over the API', () => {
    expect(() => checkPut(creating, null, true)).not.toThrow();
    expect(() => checkPut(creating, 0, true)).not.toThrow();
  });

  it('is not met by what is there', () => {
    expect(() => checkPut(creating, 7, false)).toThrow(/the revision is "7"/);
    expect(() => checkNoIfMatch(creating)).toThrow(/If-None-Match: must not be given/);
  });

  it('is refused by a write that creates nothing', () => {
    expect(() => checkIfMatch(creating, 7)).toThrow(/If-None-Match: must not be given/);
  });

  it('is the only thing that it may say', () => {
    const wrong = caller({ 'if-none-match': '"7"' });
    expect(() => checkConditions(wrong)).toThrow(/If-None-Match: must be \*/);
  });
});
