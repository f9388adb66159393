import type { ModelMessage, Reason } from '#contracts';
import type { WarmupWork } from '#engine';
import { Refused } from '../errors/refused.js';
import type { ModelOrders } from '../models/model-orders.js';
import type { Lasting } from '../reigns/lasting.js';
import type { Caller } from '../writes/caller.js';

/** So long the end of a load is waited for, in ms: as long as a call may wait. */
const LONGEST_MS = 600_000;

/** Refusals that another try of the same load would meet again. */
const LASTING: readonly Reason[] = [
  'unknown_model',
  'disabled',
  'infeasible',
  'invalid_request',
  'not_allowed',
  'not_signed_in',
];

/**
 * What warm-ups are done with: loads are ordered so, as an operator would, each in the name of the credential that asked for the
 * warm-up. What becomes of them is counted.
 */
export function workOf(
  orders: Pick<ModelOrders, 'load'>,
  { metrics, log }: Pick<Lasting, 'metrics' | 'log'>,
): WarmupWork {
  return {
    warm: async (model, { credential }, signal) => {
      const end = await warmed(orders, model, credential, signal);
      metrics.warmups.warmed(end);
      return end;
    },
    onEnd: (id, state) => {
      metrics.warmups.ended(state);
      if (state === 'failed') log.warn({ warmup: id }, 'a warm-up failed: its loads could not be ordered');
    },
  };
}

async function warmed(
  orders: Pick<ModelOrders, 'load'>,
  model: string,
  credential: string,
  gone: AbortSignal,
): Promise<string> {
  const caller: Caller = { credential, role: 'operator', idempotencyKey: null, ifMatch: null, gone };
  const began = performance.now();
  try {
    const { body } = await orders.load(model, { waitMs: LONGEST_MS }, caller);
    gone.throwIfAborted();
    return endOf(body, performance.now() - began);
  } catch (error) {
    if (error instanceof Refused && LASTING.includes(error.facts.reason)) return error.facts.reason;
    throw error;
  }
}

/**
 * What a model that was waited for has come to: `ready`, or why it is not. Throws where the wait ended early without an end of
 * the load, as it does where the process that was asked is ending.
 */
function endOf({ name, copies, lastFailure }: ModelMessage, waited: number): string {
  if (copies.some(({ phase }) => phase === 'ready')) return 'ready';
  if (lastFailure !== null) return 'load_failed';
  if (waited < LONGEST_MS) throw new Error(`the load of ${name} was not waited for`);
  return 'loading';
}
