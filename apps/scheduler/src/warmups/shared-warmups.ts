import { type ModelMessage, modelSchema, problemSchema, type Reason, REFUSALS } from '#contracts';
import type { WarmupWork } from '#engine';
import type { HttpAnswer } from '../forwarding/http-link.js';
import { bodyOf } from '../http/body.js';
import { Refused } from '../errors/refused.js';
import { ModelOrders, type OrderOptions } from '../models/model-orders.js';
import type { Running } from '../running.js';
import type { Caller } from '../writes/caller.js';
import { Written } from '../writes/writes.js';
import { workOf } from './warm-model.js';

/** A model as it is told has no more bytes than this, with its spec. */
const MOST_BYTES = 2 ** 20;

/** What a process does warm-ups of all peers with, whether it leads or not: their loads are ordered of the peer that leads. */
export function sharedWarmupWork(running: Running): WarmupWork {
  const here = new ModelOrders(running);
  const load = (name: string, options: OrderOptions, caller: Caller): Promise<Written<ModelMessage>> =>
    running.leading === null ? loadThere(running, name, options, caller) : here.load(name, options, caller);
  return workOf({ load }, running.lasting);
}

async function loadThere(
  { following }: Running,
  name: string,
  { waitMs = 0 }: OrderOptions,
  { credential, role, gone = new AbortController().signal }: Caller,
): Promise<Written<ModelMessage>> {
  const principal = { credential, tenant: credential, role, maxClass: null };
  const path = `/v1/models/${encodeURIComponent(name)}/load?waitMs=${waitMs}`;
  const answer = await following!.http.ask({ method: 'POST', path }, { principal, address: null }, gone);
  return new Written(answer.status, modelIn(answer.status, await textOf(answer)));
}

async function textOf({ body }: HttpAnswer): Promise<string> {
  return (Buffer.isBuffer(body) ? body : await bodyOf(body, MOST_BYTES)).toString();
}

/** Refuses as the leader did. */
function modelIn(status: number, text: string): ModelMessage {
  const said: unknown = JSON.parse(text);
  if (status < 300) return modelSchema.parse(said);
  const { reason, detail } = problemSchema.parse(said);
  if (!(reason in REFUSALS)) throw new Error(`the leader refuses a load: ${reason}`);
  throw new Refused({ reason: reason as Reason, ...(detail !== undefined && { detail }) });
}
