import type { Fleet } from '../fleet/fleet.js';
import type { Instant } from '../fleet/model.js';
import { copiesOn } from '../memory/pins.js';
import type { Server } from '../fleet/server.js';
import { coolingOn } from '../demand/cooling.js';
import { growthsOn, placesOn } from './places.js';
import { Site } from './sites.js';
import { presentCopies, type Want } from '../demand/wants.js';

/**
 * The sites for a want: servers without a copy, and beside a copy where more are wanted. Copies by demand are at most
 * `copies.max`.
 */
export function sitesFor(fleet: Fleet, want: Want, open: readonly Server[], now: Instant): Site[] {
  const { model, copies, isExtra } = want;
  const fresh = open.map((server) => tryable(fleet, server, want, now, placesOn));
  if (copies === 1) return fresh;
  const growing = open.map((server) => tryable(fleet, server, want, now, growthsOn));
  const most = isExtra ? (model.maxCopies ?? 0) - presentCopies(fleet, model.id, now) : Infinity;
  return [...fresh.map((site) => site.where(({ devices }) => copiesOn(model, devices) <= most)), ...growing];
}

/** The places of a model on a server; none while failed loads keep it from there. */
const tryable = (fleet: Fleet, server: Server, { model }: Want, now: Instant, ways: typeof placesOn): Site =>
  new Site(server, () => (coolingOn(fleet, server, model.id, now) ? [] : ways(fleet, server, model)));
