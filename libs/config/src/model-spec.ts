import { z } from 'zod';
import { MAX_DEPTH } from './errors.js';
import {
  choice,
  labelKey,
  labels,
  listOf,
  memoryMb,
  millis,
  moment,
  name,
  notAvailableButNull,
  seconds,
  unique,
  whereTyped,
  whole,
} from './rules.js';

const DAY = 86_400;
const YEAR = 365 * DAY;

const coldStartShape = {
  policy: choice(['queue', 'shed']).describe('Whether requests for a cold model may wait.').default('queue'),
  maxQueue: whole(0, 1_000_000).describe('The most requests that may wait for one model.').default(100),
  maxWaitMs: millis(0, 3_600_000).describe('The longest a request for a cold model waits.').default(60_000),
  loadWhenShed: z
    .boolean()
    .describe(
      'Whether a request refused by `shed`, or because it cannot be promised a route in time, counts as demand.',
    )
    .default(true),
};

/** What may be set for every model and for each one: value rules, and what holds where nothing is said. */
const settingsShape = {
  enabled: z
    .boolean()
    .describe('false: never loaded; requests for it are refused as `disabled`.')
    .default(true),
  gpuMemoryLimitMb: memoryMb()
    .describe('What one copy takes on each device it is on: a guess, where a model says nothing.')
    .default(2048),
  cpuMemoryLimitMb: memoryMb().describe('What one copy takes in the memory of the host.').default(4096),
  idleUnloadSeconds: seconds(0, YEAR)
    .nullable()
    .describe('Unused for so long, it is unloaded; null: never.')
    .default(300),
  idleUnload: choice(['strict', 'soft'])
    .describe('soft: idle models stay until their memory is wanted.')
    .default('strict'),
  loadTimeoutSeconds: seconds(1, DAY).describe('A load that takes longer is overdue.').default(300),
  minResidencySeconds: seconds(0, DAY).describe('How long it stays at least, once loaded.').default(30),
  class: choice(['critical', 'default', 'sheddable'])
    .describe('How much its requests matter.')
    .default('default'),
  coldStart: z
    .strictObject(optionalShape(coldStartShape))
    .describe('What happens to requests while it is cold.')
    .default(z.strictObject(coldStartShape).parse({})),
  onLimitExceeded: choice(['warn', 'unload', 'quarantine'])
    .describe('When it takes more than its limit.')
    .default('warn'),
  onFailing: choice(['flag', 'replace'])
    .describe('When Triton calls it ready and it only fails.')
    .default('flag'),
};

/** A pin: copies that are kept resident, for ever or until a moment. */
export const pinSchema = z.strictObject({
  copies: whole(1, 1000).describe('How many copies are kept resident.'),
  until: moment.nullable().exactOptional().describe('When the pin ends, in UTC; null: never.'),
  schedule: notAvailableButNull('Times at which the pin holds; null: always.').exactOptional(),
});

const modelKeys = z.strictObject({
  ...optionalShape(settingsShape),
  gpuMemoryLimitMb: memoryMb(0)
    .exactOptional()
    .describe('What one copy takes on each device it is on; 0: it needs no GPU.'),
  labels: labels.exactOptional().describe('Free words, shown and filtered by.'),
  pin: pinSchema
    .nullable()
    .exactOptional()
    .describe('Copies that are kept resident; null: none, whatever a layer below says.'),
  copies: z
    .strictObject({
      min: whole(0, 1000).exactOptional().describe('Copies kept warm; a higher class may evict them.'),
      max: whole(1, 1000)
        .nullable()
        .exactOptional()
        .describe('The most copies of it in the fleet; null: no bound.'),
    })
    .exactOptional()
    .describe('How many copies there may be.'),
  dependsOn: listOf(name, 100)
    .check(unique('must be listed once', (other) => other))
    .exactOptional()
    .describe('Models it calls on the same server.'),
  deviceSets: listOf(listOf(whole(0, 1023), 1024).min(1, { error: 'must name at least one device' }), 100)
    .exactOptional()
    .describe('Sets of devices that the backend spreads one copy over: booked whole, its config left alone.'),
  placement: z
    .strictObject({
      require: labels.exactOptional().describe('Labels a server must have.'),
      spread: labelKey
        .nullable()
        .exactOptional()
        .describe('A label: where possible, copies go to servers that differ in it. null: none.'),
    })
    .exactOptional()
    .describe('Where it may be.'),
  config: z
    .record(z.string(), z.unknown())
    .refine((value) => isJson(value, MAX_DEPTH), { error: `must be JSON, nested at most ${MAX_DEPTH} deep` })
    .exactOptional()
    .describe('The base Triton ModelConfig, as JSON.'),
});

/** What is declared for one model: the keys that are set, and no other. */
export type ModelSpec = z.infer<typeof modelKeys>;

/** What is declared for one model, in the file or over the API. Nothing has a default here. */
export const modelSpecSchema = modelKeys
  .superRefine(agreeOnCopies, { when: whereTyped('pin', 'copies') })
  .superRefine(agreeOnDevices, { when: whereTyped('deviceSets') });

/** No more copies than `copies.max` are pinned or kept warm. */
function agreeOnCopies({ pin, copies }: ModelSpec, context: z.RefinementCtx): void {
  const max = copies?.max ?? Infinity;
  const message = `must be at most copies.max (${max})`;
  if (pin && pin.copies > max) context.addIssue({ code: 'custom', path: ['pin', 'copies'], message });
  if ((copies?.min ?? 0) > max) context.addIssue({ code: 'custom', path: ['copies', 'min'], message });
}

/** Sets may overlap: one server has four devices, where another has the first two of them. */
function agreeOnDevices({ deviceSets = [], config }: ModelSpec, context: z.RefinementCtx): void {
  const tell = (message: string, ...at: number[]): void =>
    context.addIssue({ code: 'custom', path: ['deviceSets', ...at], message });
  const sets = deviceSets.map((set) => String(set.toSorted((one, other) => one - other)));
  if (sets.length > 0 && config !== undefined) tell('must not be given beside config: it is left alone');
  for (const [index, set] of deviceSets.entries()) {
    if (new Set(set).size < set.length) tell('must name each device once', index);
    if (sets.indexOf(sets[index]!) < index) tell('must be listed once', index);
  }
}

/** A pin as it is declared. */
export type PinSpec = z.infer<typeof pinSchema>;

/** The settings that each model has, complete. */
export type ModelSettings = {
  readonly [K in Exclude<keyof typeof settingsShape, 'coldStart'>]: z.infer<(typeof settingsShape)[K]>;
} & { readonly coldStart: ColdStart };

/** What happens to requests while a model is cold, complete. */
export type ColdStart = { readonly [K in keyof typeof coldStartShape]: z.infer<(typeof coldStartShape)[K]> };

/** What holds for a model unless declared otherwise. */
export const DEFAULT_SETTINGS = z.strictObject(settingsShape).parse({}) as ModelSettings;

/** The settings as `defaults` in the file may set them. */
export const settingsSchema = z.strictObject(optionalShape(settingsShape));

/** Some of the settings. */
export type SettingsSpec = z.infer<typeof settingsSchema>;

type Shape = Readonly<Record<string, z.ZodDefault<z.ZodType>>>;
type Optional<S extends Shape> = { [K in keyof S]: z.ZodExactOptional<ReturnType<S[K]['unwrap']>> };

/** The same value rules without defaults: a key that is not set stays so. */
function optionalShape<S extends Shape>(shape: S): Optional<S> {
  const entries = Object.entries(shape).map(([key, schema]) => [key, z.exactOptional(schema.unwrap())]);
  return Object.fromEntries(entries) as Optional<S>;
}

/** Whether a value is what JSON can say, without infinities, nested no deeper than `depth`. */
export function isJson(value: unknown, depth: number): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  const isPlain = Array.isArray(value) || Object.prototype.toString.call(value) === '[object Object]';
  if (!isPlain || depth === 0) return false;
  return Object.values(value as object).every((inner) => isJson(inner, depth - 1));
}
