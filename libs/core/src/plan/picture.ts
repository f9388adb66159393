import type { Now } from '../numbers/now.js';
import { fitPins } from '../room/fit-pins.js';
import type { Fleet } from '../fleet/fleet.js';
import type { ModelId, ServerId } from '../fleet/ids.js';
import type { Bytes } from '../fleet/model.js';
import { copiesOf } from '../memory/pins.js';
import { routableReplicas } from '../learned/routes.js';
import { memoryOf, modelState, serverState, unsatisfiedPins } from '../explain/view.js';
import { Scene } from '../explain/scene.js';
import type { WhyPlace } from '../explain/why-place.js';
import { whyThere } from '../explain/why-there.js';
import type { ChangedModel, DeviceStanding, Lacking, ModelStanding, Plan, PlannedDevice } from './plan.js';

/** The state of a fleet at a moment, as far as a plan compares it. */
export interface Picture {
  readonly models: ReadonlyMap<ModelId, ModelStanding>;
  readonly devices: readonly (Omit<PlannedDevice, 'before' | 'after'> & {
    readonly standing: DeviceStanding;
  })[];
  readonly lacking: ReadonlySet<ModelId>;
}

export const pictureOf = (fleet: Readonly<Fleet>, now: Now): Picture => ({
  models: new Map(Array.from(fleet.models.keys(), (id) => [id, modelStanding(fleet, id, now)])),
  devices: devicesIn(fleet, now),
  lacking: modelsLacking(fleet),
});

const modelStanding = (fleet: Readonly<Fleet>, id: ModelId, now: Now): ModelStanding => ({
  state: modelState(fleet, id, now),
  readyCopies: routableReplicas(fleet, id).reduce((sum, replica) => sum + copiesOf(fleet, replica), 0),
});

const modelsLacking = (fleet: Readonly<Fleet>): ReadonlySet<ModelId> =>
  new Set([...fleet.wantedSince.keys(), ...unsatisfiedPins(fleet)]);

function devicesIn(fleet: Readonly<Fleet>, now: Now): Picture['devices'] {
  const memory = memoryOf(fleet);
  return [...fleet.servers.values()].flatMap((server) => {
    const state = serverState(fleet, server, now);
    return (server.devices ?? []).map(({ ordinal, kind, account }) => {
      return { server: server.spec.id, ordinal, kind, standing: { server: state, ...memory(account) } };
    });
  });
}

/** What the fleet itself does not tell of the end of a plan. */
interface Ending {
  /** Servers that are lost or drained. */
  readonly gone: ReadonlySet<ServerId>;
  readonly refused: readonly ModelId[];
  readonly most: number;
}

/** Bound of lacking models in an answer, since each is judged on every server. */
const MAX_JUDGED = 20;

/** Compares a fleet with how it was before. */
export function comparedWith(
  before: Picture,
  fleet: Fleet,
  now: Now,
  { gone, refused, most }: Ending,
): Pick<Plan, 'lacking' | 'devices' | 'pins'> & { readonly models: readonly ChangedModel[] } {
  const lacking = [...new Set([...modelsLacking(fleet), ...refused.filter((id) => isCold(fleet, id))])];
  const judged = lacking.slice(0, Math.min(MAX_JUDGED, most));
  return {
    lacking: {
      items: judged.map((id) => lackOf(fleet, id, before.lacking.has(id), now)),
      leftOut: lacking.length - judged.length,
    },
    models: changedModels(before, fleet, now),
    devices: changedDevices(before, fleet, now),
    pins: fitPins(without(fleet, gone), fleet.models.values()),
  };
}

const isCold = (fleet: Readonly<Fleet>, id: ModelId): boolean => routableReplicas(fleet, id).length === 0;

const without = (fleet: Fleet, gone: ReadonlySet<ServerId>): Fleet => ({
  ...fleet,
  servers: new Map([...fleet.servers].filter(([id]) => !gone.has(id))),
  replicas: new Map([...fleet.replicas].filter(([, { server }]) => !gone.has(server))),
});

function lackOf(fleet: Fleet, id: ModelId, before: boolean, now: Now): Lacking {
  const model = fleet.models.get(id);
  const there = model ? whyThere(new Scene(fleet, model, now)) : [];
  return {
    model: id,
    pinnedCopies: model?.pinnedCopies ?? 0,
    readyCopies: modelStanding(fleet, id, now).readyCopies,
    before,
    there: there.map(({ server, verdict, places }) => {
      const state = serverState(fleet, fleet.servers.get(server)!, now);
      return { server, state, verdict, short: shortOf(places) };
    }),
  };
}

/** How much memory the place that lacks least is short of; null where there is no place. */
function shortOf(places: readonly WhyPlace[]): Bytes | null {
  if (places.length === 0) return null;
  const shorts = places.map(({ accounts }) =>
    Math.max(0, ...accounts.map(({ needs, spare }) => needs - spare)),
  );
  return Math.min(...shorts);
}

function changedModels({ models }: Picture, fleet: Readonly<Fleet>, now: Now): ChangedModel[] {
  return [...new Set([...models.keys(), ...fleet.models.keys()])].flatMap((model) => {
    const before = models.get(model) ?? { state: 'absent', readyCopies: 0 };
    const after = modelStanding(fleet, model, now);
    const isSame = before.state === after.state && before.readyCopies === after.readyCopies;
    return isSame ? [] : [{ model, before, after }];
  });
}

function changedDevices({ devices }: Picture, fleet: Readonly<Fleet>, now: Now): PlannedDevice[] {
  const after = new Map(devicesIn(fleet, now).map((one) => [`${one.server}/${one.ordinal}`, one.standing]));
  return devices.flatMap(({ standing, ...device }) => {
    const end = after.get(`${device.server}/${device.ordinal}`);
    return end ? [{ ...device, before: standing, after: end }] : [];
  });
}
