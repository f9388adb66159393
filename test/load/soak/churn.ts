import { setTimeout as sleep } from 'node:timers/promises';
import { CHURNED } from './stage.js';
import type { Tally } from './tally.js';

const PAUSE_MS = 100;
const ANSWER_MS = 30_000;
const WORKERS = 6;

/** Loads, unloads, resolves, pins and unpins models that are not warm, until its process ends. */
export async function churn(http: string, tally: Tally): Promise<void> {
  await Promise.all(Array.from({ length: WORKERS }, (_, nth) => work(http, nth, tally)));
}

async function work(http: string, first: number, tally: Tally): Promise<never> {
  for (let nth = first; ; nth += WORKERS) {
    const model = CHURNED[(nth * 7) % CHURNED.length]!;
    for (const [method, path, body] of actsOn(model, nth)) {
      await act(`${http}/v1/models/${path}`, method, body).then(
        (status) => tally.count(`churn, ${method} answered ${status}`),
        () => tally.count('churn, no answer'),
      );
      await sleep(PAUSE_MS);
    }
  }
}

/** What is done to a model, one after the other. A pin is taken back by the next worker that comes by. */
function actsOn(model: string, nth: number): readonly (readonly [string, string, object?])[] {
  return [
    ['POST', `${model}/resolve`, { waitMs: 2_000, leaseMs: 500 }],
    nth % 3 === 0 ? ['PUT', `${model}/pin`, { copies: 1 }] : ['POST', `${model}/load`],
    ['DELETE', `${model}/pin`],
    ['POST', `${model}/unload`],
  ];
}

async function act(url: string, method: string, body?: object): Promise<number> {
  const answer = await fetch(url, {
    method,
    signal: AbortSignal.timeout(ANSWER_MS),
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  await answer.arrayBuffer();
  return answer.status;
}
