import { describe, expect, it } from '@jest/globals';
import { queryOf } from '../../routing/resolve-request.js';
import { ANONYMOUS } from '#access';
import { MAX_ANSWER_MS } from './forwarder.js';
import { patientCall } from './waits.js';

describe('a resolve call that is handed on', () => {
  let now = 0;
  const call = (request: object) => {
    now = 1_000;
    return patientCall(request, queryOf(ANONYMOUS, 'm', request), 1_000, 60_000, () => now);
  };

  it('waits at the next leader for what is left of its wait', () => {
    const patient = call({ waitMs: 5_000, requestId: 'r' });
    expect(patient.next()).toEqual({ waitMs: 5_000, requestId: 'r' });
    now += 2_000;
    expect(patient.next()).toEqual({ waitMs: 3_000, requestId: 'r' });
    now += 9_000;
    expect(patient.next()).toEqual({ waitMs: 0, requestId: 'r' });
  });

  it('leaves it to the model how long it waits, where its caller does', () => {
    const patient = call({});
    expect(patient.next()).toEqual({});
    now += 10_000;
    expect(patient.next()).toEqual({ waitMs: 50_000 });
  });

  it('has its answer soon after its wait', () => {
    expect(call({ waitMs: 0 }).times).toEqual({ until: 1_000, answerBy: 2_000, isPatient: true });
  });

  it('may have it as late as any answer where it leaves its wait to the model, but seeks a leader no longer than usual', () => {
    expect(call({}).times).toEqual({ until: 61_000, answerBy: 1_000 + MAX_ANSWER_MS, isPatient: true });
  });
});
