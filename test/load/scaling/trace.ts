import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { protoFolder } from '#contracts';

/** One model of a trace. */
export interface TracedModel {
  readonly name: string;
  readonly sizeMb: number;
  readonly loadSeconds: number;
  /** Requests in each minute. */
  readonly asked: readonly number[];
}

export interface Trace {
  readonly name: string;
  readonly models: readonly TracedModel[];
  readonly minutes: number;
}

/** Before the requests of each minute a row has the name, size, time of a load, time of a request, and what it is from. */
const COLUMNS = 5;

/** The folders where traces may be, from the repository on. */
const FOLDERS = ['shared/traces', '../shared/traces'];

/** Reads a trace; null where the machine has none of that name. */
export function readTrace(name: string, given: string): Trace | null {
  const root = join(protoFolder(), '..');
  const folders = given === '' ? FOLDERS.map((folder) => join(root, folder)) : [given];
  const path = folders.map((folder) => join(folder, `${name}.csv.gz`)).find(existsSync);
  if (path === undefined) return null;
  const [, ...rows] = gunzipSync(readFileSync(path)).toString().trim().split('\n');
  const models = rows.map((row): TracedModel => {
    const [id = '', sizeMb, loadMs, , , ...asked] = row.split(',');
    return {
      name: id,
      sizeMb: Number(sizeMb),
      loadSeconds: Number(loadMs) / 1_000,
      asked: asked.map(Number),
    };
  });
  const minutes = (rows[0]?.split(',').length ?? COLUMNS) - COLUMNS;
  return { name, models, minutes };
}

const EVENING = 18 * 60;
const MORNING = 5 * 60;
const ASKING = 4;

/** The same where from 18:00 to 05:00 only a quarter of the models is asked for. */
export const quietAtNight = ({ name, models, minutes }: Trace): Trace => ({
  name: `${name}-nights`,
  minutes,
  models: models.map((model, at) => ({
    ...model,
    asked: model.asked.map((count, minute) =>
      at % ASKING === 0 || (minute >= MORNING && minute < EVENING) ? count : 0,
    ),
  })),
});
