import { z } from 'zod';

const time = z.string().meta({ format: 'date-time', description: 'RFC 3339, UTC.' });
const count = z.int().min(0);

/** Why nothing is loaded onto a device at present, as it is told. */
export const closedSchema = z
  .strictObject({
    since: time,
    because: z
      .enum(['ran_out', 'not_known_yet'])
      .describe(
        '`ran_out`: a load ran out of memory although the books had room. `not_known_yet`: the books do not explain all that is in use; what fits beside that is loaded.',
      ),
    until: time.nullable().describe('When it should open; null: there is no telling.'),
  })
  .describe('Nothing is loaded there before the next clean sample.');

/** A device as it is told: its memory, and what is odd about it. */
export const deviceSchema = z.strictObject({
  ordinal: count,
  uuid: z.string().nullable(),
  kind: z.enum(['gpu', 'cpu']),
  capacityMb: count,
  heldMb: count,
  promisedMb: count,
  freeMb: count,
  foreignMb: count.nullable(),
  residueMb: count,
  measuredMb: count.nullable(),
  flags: z.array(z.string()),
  closed: closedSchema.nullable(),
});

/** The memory of a host as it is told: what was declared and booked of it, since nothing is measured there. */
export const hostMemorySchema = z.strictObject({
  host: z.string(),
  capacityMb: count,
  heldMb: count,
  promisedMb: count,
  freeMb: count,
  basis: z
    .enum(['declared', 'found'])
    .describe(
      'Where the capacity is from: `hostMemoryMb`, or the metrics of a server without any GPU. What is held is declared, and not measured.',
    ),
});

export type ClosedMessage = z.infer<typeof closedSchema>;
export type DeviceMessage = z.infer<typeof deviceSchema>;
export type HostMemoryMessage = z.infer<typeof hostMemorySchema>;
