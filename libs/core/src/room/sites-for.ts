import type { Fleet } from '../fleet/fleet.js';
import type { Instant } from '../fleet/model.js';
import { copiesOn } from '../memory/pins.js';
import type { Server } from '../fleet/server.js';
import { coolingOn } from '../demand/cooling.js';
import { growthsOn, placesOn } from './places.js';
import { Site } from './sites.js';
import { presentCopies, type Want } from '../demand/wants.js';

/** On servers without a copy, and beside one where more are wanted; copies by demand are never more than there may be. */
export function sitesFor(fleet: Fleet, want: Want, open: readonly Server[], now: Instant): Site[] {
  const { model, copies, isExtra } = want;
  const fresh = open.map((server) => tryable(fleet, server, want, now, placesOn));
  if (copies === 1) return fresh;
  const growing = open.map((server) => tryable(fleet, server, want, now, growthsOn));
  const most = isExtra ? (model.maxCopies ?? 0) - presentCopies(fleet, model.id, now) : Infinity;
  return [...fresh.map((site) => site.where(({ devices }) => copiesOn(model, devices) <= most)), ...growing];
}

/** The places of a model on a server where its last load did not just fail, nor that of what it needs there. */
const tryable = (fleet: Fleet, server: Server, { model }: Want, now: Instant, ways: typeof placesOn): Site =>
  new Site(server, () => (coolingOn(fleet, server, model.id, now) ? [] : ways(fleet, server, model)));
