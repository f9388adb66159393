import type { ActionOf } from '#core';
import type { RareMark } from '../marks.js';
import type { Moment, Sign } from './moment.js';

/** What memory does that was not declared. */
export const ofMemory = {
  'load beside residue': (moment) =>
    loadsIn(moment).some(({ server, devices }) => {
      const { meters } = moment.fleet.servers.get(server)!;
      return devices.some((ordinal) => (meters.get(ordinal)?.residue ?? 0) > 0);
    }),
  'load of a model that was declared too small': ({ turn, fleet }) =>
    turn.actions.some((action) => {
      const declared = action.kind === 'load' ? fleet.models.get(action.model) : undefined;
      const { peak } = fleet.footprints.get(declared?.id as never) ?? { peak: 0 };
      return declared?.gpuDeclared === true && peak > declared.gpuBytes;
    }),
  'load once late memory had come back': (moment) =>
    loadsIn(moment).some(({ server, devices }) =>
      moment.changes.some(
        ({ was, now }) =>
          was?.phase === 'unloading' &&
          was.absentSince !== null &&
          now?.phase !== 'unloading' &&
          was.server === server &&
          was.devices.some((ordinal) => devices.includes(ordinal)),
      ),
    ),
} satisfies Partial<Record<RareMark, Sign>>;

/** The loads that a turn orders, with their devices. */
const loadsIn = ({ turn, fleet }: Moment): (ActionOf<'load'> & { devices: readonly number[] })[] =>
  turn.actions.flatMap((action) =>
    action.kind === 'load' ? [{ ...action, devices: fleet.replicas.get(action.replica)?.devices ?? [] }] : [],
  );
