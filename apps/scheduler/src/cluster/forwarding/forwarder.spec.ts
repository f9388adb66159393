import { beforeEach, describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Metrics } from '#telemetry';
import { FakeElections } from '#triton-simulator';
import { Lifecycle } from '../../transport/lifecycle.js';
import { RETRY, type Call, Forwarder } from './forwarder.js';

const PATIENT_MS = 3_600_000;

describe('calls that are handed to the leader', () => {
  const elections = new FakeElections();
  let lifecycle: Lifecycle;
  let forwarder: Forwarder;
  /** The peers that were asked, and the signals they were asked with. */
  let asked: string[];
  let over: AbortSignal[];

  const [a, b] = ['a', 'b'].map((peer) => elections.candidate({ peer, http: `http://${peer}`, grpc: peer }));

  beforeEach(() => {
    lifecycle = new Lifecycle();
    const { counts } = new Metrics({ now: () => 0 });
    forwarder = new Forwarder({ leaders: b!, lifecycle, counts });
    [asked, over] = [[], []];
    if (elections.leader === null) void a!.lead();
  });

  /** Asks, and has each leader answer in turn: `null` never does. */
  function send(answers: readonly (string | typeof RETRY | null)[], call: Partial<Call<string>> = {}) {
    const left = [...answers];
    return forwarder.send<string>({
      ...{
        next: () => Buffer.alloc(1),
        until: performance.now() + PATIENT_MS,
        answerBy: performance.now() + PATIENT_MS,
      },
      ...{ isPatient: true, signal: new AbortController().signal },
      ask: ({ peer }, _, signal) => {
        asked.push(peer);
        over.push(signal);
        const answer = left.shift() ?? null;
        if (answer !== null) return Promise.resolve(answer);
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve(RETRY)));
      },
      ...call,
    });
  }

  it('are asked again where the leader decides no more', async () => {
    expect(await send([RETRY, 'yes'])).toBe('yes');
    expect(new Set(asked).size).toBe(1);
  });

  it('go to the next leader where the one that was asked leads no more', async () => {
    const [answer, first] = [send([null, 'yes']), elections.leader!];
    await nextTurn();
    const next = first === a ? b! : a!;
    void next.lead();
    elections.depose();
    expect(await answer).toBe('yes');
    expect(asked).toEqual([first.place.peer, next.place.peer]);
    expect(over[0]!.aborted).toBe(true);
  });

  it('are refused where no leader is found in time', async () => {
    const past = { until: performance.now() - 1 };
    await expect(send([RETRY, 'late'], past)).rejects.toMatchObject({ facts: { reason: 'no_leader' } });
  });

  it('are given up where the leader does not answer a caller that has another answer', async () => {
    let hasOther = false;
    const call = { hasOther: () => hasOther };
    expect(await send([RETRY, 'yes'], call)).toBe('yes');
    hasOther = true;
    expect(await send(['yes'], call)).toBe('yes');
    await expect(send([RETRY, 'late'], call)).rejects.toMatchObject({ facts: { reason: 'no_leader' } });
  });

  it('are given up where their caller goes, and asked of no leader after that', async () => {
    const gone = new AbortController();
    const answer = send([null], { signal: gone.signal });
    await nextTurn();
    gone.abort();
    await expect(answer).rejects.toThrow('no_leader');
    expect([asked.length, over[0]!.aborted]).toEqual([1, true]);
  });

  it('are refused where so many are under way, or so many bytes', async () => {
    const callers = Array.from({ length: 5_000 }, () => new AbortController());
    const waiting = callers.map(({ signal }) => send([null], { signal }));
    await expect(send(['yes'])).rejects.toMatchObject({ facts: { reason: 'busy' } });
    for (const caller of callers) caller.abort();
    await Promise.allSettled(waiting);
    await expect(send(['yes'], { next: () => Buffer.alloc(65 * 2 ** 20) })).rejects.toMatchObject({
      facts: { reason: 'busy' },
    });
    expect(await send(['yes'])).toBe('yes');
  });

  it('are refused where they wait while this process ends; others have their answers', async () => {
    let answer = (_: string): void => undefined;
    const write = send([], { isPatient: false, ask: () => new Promise((resolve) => (answer = resolve)) });
    const wait = send([null]);
    await nextTurn();
    lifecycle.end();
    forwarder.end();
    await expect(wait).rejects.toMatchObject({ facts: { reason: 'shutting_down' } });
    answer('written');
    expect(await write).toBe('written');
    await expect(send(['yes'])).rejects.toMatchObject({ facts: { reason: 'shutting_down' } });
  });
});
