import type { Logger } from 'pino';
import { type ModelMessage, modelSchema, problemSchema, type Reason, REFUSALS } from '#contracts';
import type { WarmupWork } from '#engine';
import type { Metrics } from '#telemetry';
import { Refused } from '../../transport/errors/refused.js';
import type { HttpAnswer } from '../../cluster/forwarding/http-link.js';
import { bodyOf } from '../../transport/http/body.js';
import { ModelOrders } from '../models/model-orders.js';
import type { Terms } from '../../cluster/leadership/per-term.js';
import type { Caller } from '../../transport/access/caller.js';

/** The wait for the end of a load, in milliseconds: as long as that of a call. */
const MAX_WAIT_MS = 600_000;

/** Refusals that another try of the same load would meet again. */
const LASTING: readonly Reason[] = [
  'unknown_model',
  'disabled',
  'infeasible',
  'invalid_request',
  'not_allowed',
  'not_signed_in',
];

/** A model as it is told has no more bytes than this, with its spec. */
const MAX_BYTES = 2 ** 20;

/**
 * What a process does warm-ups with, whether it leads or not: loads are ordered of the process that leads, as an operator would, each
 * in the name of the credential that asked for the warm-up. What becomes of them is counted.
 */
export function warmupWork(terms: Terms, metrics: Metrics, log: Logger): WarmupWork {
  const load = async (name: string, caller: Caller): Promise<ModelMessage> =>
    terms.leading === null
      ? await loadThere(terms, name, caller)
      : (await terms.certain.get(ModelOrders).load(name, { waitMs: MAX_WAIT_MS }, caller)).body;
  return {
    warm: async (model, { credential }, signal) => {
      const end = await warmed(load, model, credential, signal);
      metrics.counts.warmupModels.inc({ outcome: end === 'ready' ? 'ready' : 'failed' });
      return end;
    },
    onEnd: (id, state) => {
      metrics.counts.warmupsEnded.inc({ state });
      if (state === 'lost') log.error({ warmup: id }, 'a warm-up is lost: Redis does not have it any more');
      if (state === 'failed') log.warn({ warmup: id }, 'a warm-up failed: its loads could not be ordered');
    },
  };
}

async function warmed(
  load: (name: string, caller: Caller) => Promise<ModelMessage>,
  model: string,
  credential: string,
  signal: AbortSignal,
): Promise<string> {
  const caller: Caller = { credential, role: 'operator', idempotencyKey: null, ifMatch: null, signal };
  const began = performance.now();
  try {
    const loaded = await load(model, caller);
    signal.throwIfAborted();
    return endOf(loaded, performance.now() - began);
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
  if (waited < MAX_WAIT_MS) throw new Error(`the load of ${name} was not waited for`);
  return 'loading';
}

async function loadThere(
  { following }: Terms,
  name: string,
  { credential, role, signal = new AbortController().signal }: Caller,
): Promise<ModelMessage> {
  const principal = { credential, tenant: credential, role, maxClass: null };
  const path = `/v1/models/${encodeURIComponent(name)}/load?waitMs=${MAX_WAIT_MS}`;
  const answer = await following!.http.ask({ method: 'POST', path }, { principal, address: null }, signal);
  return modelIn(answer.status, await textOf(answer));
}

async function textOf({ body }: HttpAnswer): Promise<string> {
  return (Buffer.isBuffer(body) ? body : await bodyOf(body, MAX_BYTES)).toString();
}

/** Refuses as the leader did. */
function modelIn(status: number, text: string): ModelMessage {
  const said: unknown = JSON.parse(text);
  if (status < 300) return modelSchema.parse(said);
  const { reason, detail } = problemSchema.parse(said);
  if (!(reason in REFUSALS)) throw new Error(`the leader refuses a load: ${reason}`);
  throw new Refused({ reason: reason as Reason, ...(detail !== undefined && { detail }) });
}
