import type { Fleet, Request } from './fleet-state.js';
import type { ModelId, RequestId, TenantId } from './ids.js';
import type { Class, Instant } from './model.js';
import { madeOnce } from '../numbers/groups.js';

/** The requests that wait, by model and by tenant. It follows from `waiting`, and saves passes from going over all of them. */
export class WaitingIndex {
  readonly byModel = new Map<ModelId, WaitingForModel>();
  /** How many each tenant has. */
  readonly tenants = new Map<TenantId, number>();
  /** How many were ever entered. */
  entered = 0;
  /** What `modelsAwaited` tells; null where a request has come or left since. */
  awaited: ReadonlyMap<ModelId, ReadonlySet<Class>> | null = null;
}

/** The requests that wait for one model, in the order of arrival. */
interface WaitingForModel {
  /** With the place of each in the order of all. */
  readonly requests: Map<RequestId, { readonly request: Request; readonly nth: number }>;
  /** What follows from them; null where one has left since it was worked out. */
  sum: Sum | null;
}

interface Sum {
  deadline: Instant;
  readonly classes: Set<Class>;
}

/** A request waits from now on, in place of one with the same id. */
export function beginWaiting(fleet: Fleet, request: Request): void {
  endWaiting(fleet, request.id);
  const index = indexOf(fleet);
  fleet.waiting.set(request.id, request);
  enterRequest(index, request);
}

/** A request does not wait any more: it was answered, or its caller has gone. */
export function endWaiting(fleet: Fleet, id: RequestId): void {
  const request = fleet.waiting.get(id);
  if (!request) return;
  const index = indexOf(fleet);
  const { byModel, tenants } = index;
  fleet.waiting.delete(id);
  index.awaited = null;
  const own = byModel.get(request.model)!;
  own.requests.delete(id);
  own.sum = null;
  if (own.requests.size === 0) byModel.delete(request.model);
  const left = tenants.get(request.tenant)! - 1;
  if (left === 0) tenants.delete(request.tenant);
  else tenants.set(request.tenant, left);
}

/** How many requests wait for a model. */
export const waitingFor = (fleet: Readonly<Fleet>, model: ModelId): number =>
  indexOf(fleet).byModel.get(model)?.requests.size ?? 0;

/** The requests that wait for a model, in the order of arrival. */
export const requestsFor = (fleet: Readonly<Fleet>, model: ModelId): readonly Request[] =>
  Array.from(indexOf(fleet).byModel.get(model)?.requests.values() ?? [], ({ request }) => request);

/** The models that requests wait for, and of which classes these are; the model whose oldest request came first is the first. */
export function modelsAwaited(fleet: Readonly<Fleet>): ReadonlyMap<ModelId, ReadonlySet<Class>> {
  const index = indexOf(fleet);
  if (index.awaited) return index.awaited;
  const all = [...index.byModel].toSorted(([, one], [, other]) => nthOf(one) - nthOf(other));
  index.awaited = new Map(all.map(([model, own]) => [model, sumFor(own).classes]));
  return index.awaited;
}

/** The tenants of which requests wait. */
export const tenantsWaiting = (fleet: Readonly<Fleet>): Iterable<TenantId> => indexOf(fleet).tenants.keys();

/** The earliest deadline of the requests that wait; infinite where none does. */
export function earliestDeadline(fleet: Readonly<Fleet>): Instant {
  let earliest = Infinity;
  for (const own of indexOf(fleet).byModel.values()) earliest = Math.min(earliest, sumFor(own).deadline);
  return earliest;
}

function indexOf({ waiting, index }: Readonly<Fleet>): WaitingIndex {
  if (index.waiting) return index.waiting;
  index.waiting = new WaitingIndex();
  for (const request of waiting.values()) enterRequest(index.waiting, request);
  return index.waiting;
}

function enterRequest(index: WaitingIndex, request: Request): void {
  const { id, model, tenant } = request;
  index.awaited = null;
  const own = madeOnce(index.byModel, model, (): WaitingForModel => ({ requests: new Map(), sum: null }));
  own.requests.set(id, { request, nth: (index.entered += 1) });
  if (own.sum) add(own.sum, request);
  index.tenants.set(tenant, (index.tenants.get(tenant) ?? 0) + 1);
}

function nthOf({ requests }: WaitingForModel): number {
  const [first] = requests.values();
  return first!.nth;
}

function sumFor(own: WaitingForModel): Sum {
  if (own.sum) return own.sum;
  own.sum = { deadline: Infinity, classes: new Set() };
  for (const { request } of own.requests.values()) add(own.sum, request);
  return own.sum;
}

function add(sum: Sum, { deadline, class: own }: Request): void {
  sum.deadline = Math.min(sum.deadline, deadline);
  sum.classes.add(own);
}
