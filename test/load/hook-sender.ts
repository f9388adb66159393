import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

/** Messages to be sent, some at a time: each id as it is, signed well or not. */
export interface Sendings {
  readonly url: string;
  /** In base64. */
  readonly secret: string;
  readonly atATime: number;
  /** A message is begun so long after the one before it, in milliseconds, or once a sender is free. */
  readonly everyMs: number;
  readonly messages: readonly { readonly id: string; readonly body: string; readonly isGood: boolean }[];
}

/** The milliseconds until each answer, by what was answered. */
export type SentAnswers = Readonly<Record<string, readonly number[]>>;

const { url, secret, atATime, everyMs, messages } = workerData as Sendings;
const took: Record<string, number[]> = {};
const left = [...messages];
let due = performance.now();

/** Sends them in a thread of its own, so that making the signatures delays no other caller. Tells all answers at its end. */
await Promise.all(Array.from({ length: atATime }, sendOnAndOn));
parentPort!.postMessage(took);

async function sendOnAndOn(): Promise<void> {
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { id, body, isGood } = next;
    due += everyMs;
    await sleep(Math.max(0, due - performance.now()));
    const headers = { 'content-type': 'application/json', ...signedBy(isGood ? secret : 'bad', id, body) };
    const began = performance.now();
    const answer = await fetch(url, { method: 'POST', headers, body });
    const { repeated } = (await answer.json()) as { readonly repeated?: boolean };
    const kind = answer.status === 202 ? (repeated ? 'repeated' : 'taken') : String(answer.status);
    (took[kind] ??= []).push(performance.now() - began);
  }
}

function signedBy(key: string, id: string, body: string): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const digest = createHmac('sha256', Buffer.from(key, 'base64')).update(`${id}.${timestamp}.${body}`);
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${digest.digest('base64')}`,
  };
}
