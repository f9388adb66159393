import { describe, expect, it } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { askTwice } from './ask-twice.js';
import { CallFailed } from './call-failed.js';

const notNow = new CallFailed(status.INTERNAL, 'failed to stat file /models/m/1', 'RepositoryIndex');

/** Asks what fails in these ways one after the other, each after 2 s, and then answers; tells how long each try was given. */
async function asked(...failures: Error[]): Promise<{ readonly given: number[]; readonly ended: unknown }> {
  let now = 100_000;
  const given: number[] = [];
  const ask = (withinMs: number): Promise<string> => {
    given.push(withinMs);
    now += 2_000;
    const failure = failures.shift();
    return failure ? Promise.reject(failure) : Promise.resolve('told');
  };
  const ended = await askTwice(ask, 5_000, { now: () => now }).catch((error: unknown) => error);
  return { given, ended };
}

describe('what a look asks for', () => {
  it('is asked for once where it is told', async () => {
    expect(await asked()).toEqual({ given: [5_000], ended: 'told' });
  });

  it('is asked for again in what is left of the time where it could not be told just then', async () => {
    expect(await asked(notNow)).toEqual({ given: [5_000, 3_000], ended: 'told' });
  });

  it('is not asked for a third time', async () => {
    expect(await asked(notNow, notNow)).toEqual({ given: [5_000, 3_000], ended: notNow });
  });

  it.each([
    ['the connection ended', new CallFailed(status.UNAVAILABLE, 'Connection dropped', 'it')],
    ['it came too late', new CallFailed(status.DEADLINE_EXCEEDED, 'Deadline exceeded', 'it')],
    ['the server goes', new CallFailed(status.UNAVAILABLE, 'Server exiting', 'it')],
    ['the answer could not be read', new CallFailed(status.INTERNAL, 'Error parsing response', 'it')],
  ])('is not asked for again where %s', async (_, failure) => {
    expect(await asked(failure)).toEqual({ given: [5_000], ended: failure });
  });
});
