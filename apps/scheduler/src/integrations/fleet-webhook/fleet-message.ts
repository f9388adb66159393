import { z } from 'zod';
import {
  check,
  type Checked,
  type ConfigError,
  joinedServerSchema,
  millis,
  nameSchema,
  readServerSpec,
  type ServerSpec,
  underPath,
} from '#config';
import { selector } from '../../transport/lists/label-selectors.js';
import { MAX_DEADLINE_MS } from '../../admin/servers/server-requests.js';

const TYPES = ['server.joined', 'server.leaving', 'server.left'] as const;
const ID_RULE = 'must be 1 to 255 printable ASCII characters without spaces';
const TYPE_RULE = `must be one of ${TYPES.join(', ')}`;
const TIME_RULE = 'must be a time of RFC 3339 like 2026-01-31T12:00:00Z';
const MAX_SELECTORS = 20;

/** The servers that a message is about. */
export type Subject =
  | { readonly server: string }
  | { readonly host: string }
  /** Labels as lists of servers select by; all have to fit. */
  | { readonly selector: readonly string[] };

/** What a message says, checked as far as it can be without knowing the servers. */
export type FleetMessage = {
  readonly id: string | null;
  /** Milliseconds since 1970; null: not told. */
  readonly at: number | null;
  readonly subject: Subject;
  /** All that it says, without the id. */
  readonly body: unknown;
} & (
  | { readonly type: 'server.joined'; readonly spec: Partial<ServerSpec> }
  | { readonly type: 'server.leaving'; readonly deadlineMs: number | null }
  | { readonly type: 'server.left' }
);

const idSchema = z.string().regex(/^[\x21-\x7e]{1,255}$/, { error: ID_RULE });
const host = z.string().min(1, { error: 'must not be empty' }).max(4096);
const SELECTORS_RULE = `must be a label like key=value, or a list of 1 to ${MAX_SELECTORS} of them`;
const selectors = z.union(
  [
    selector.transform((one) => [one]),
    z.array(selector).min(1, { error: SELECTORS_RULE }).max(MAX_SELECTORS, { error: SELECTORS_RULE }),
  ],
  { error: SELECTORS_RULE },
);

const subjectShape = {
  server: nameSchema.exactOptional().describe('The server, by its name.'),
  host: host.exactOptional().describe('All servers of this host.'),
  selector: selectors
    .exactOptional()
    .describe('All servers with these labels, such as `instance-id=i-0abc`.'),
};

const leavingSchema = z.strictObject({
  ...subjectShape,
  deadlineMs: millis(1, MAX_DEADLINE_MS)
    .nullish()
    .describe('When the server ends, counted from `timestamp`, else from the arrival. Absent: not known.'),
});
const leftSchema = z.strictObject(subjectShape);
const joinedSchema = joinedServerSchema.extend(subjectShape);

const envelope = {
  id: idSchema.exactOptional().describe('The name of the message, where there is no header `webhook-id`.'),
  timestamp: z.iso.datetime({ offset: true, error: TIME_RULE }).exactOptional().describe('When it happened.'),
};
const envelopeSchema = z.strictObject({
  type: z.enum(TYPES, { error: ({ input }) => (input === undefined ? 'is required' : TYPE_RULE) }),
  ...envelope,
  data: z.unknown(),
});

/** A message as it is published. */
export const fleetMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('server.joined'), ...envelope, data: joinedSchema }),
  z.strictObject({ type: z.literal('server.leaving'), ...envelope, data: leavingSchema }),
  z.strictObject({ type: z.literal('server.left'), ...envelope, data: leftSchema }),
]);

/** Reads a message; `headerId` is its header `webhook-id`, which comes before `id`. */
export function readFleetMessage(written: unknown, headerId: string | undefined): Checked<FleetMessage> {
  const outer = check(envelopeSchema, written);
  if (!outer.ok) return outer;
  if (headerId !== undefined && !idSchema.safeParse(headerId).success)
    return refused([{ path: 'webhook-id', rule: ID_RULE }]);
  const { type, id = null, timestamp, data } = outer.value;
  const at = timestamp === undefined ? null : Date.parse(timestamp);
  const shared = { id: headerId ?? id, at, body: { type, timestamp, data } };
  const read = READERS[type](data);
  return read.ok ? { ok: true, value: { ...shared, ...read.value } } : within(read);
}

type Inner = { readonly subject: Subject } & (
  | { readonly type: 'server.joined'; readonly spec: Partial<ServerSpec> }
  | { readonly type: 'server.leaving'; readonly deadlineMs: number | null }
  | { readonly type: 'server.left' }
);

const READERS: Readonly<Record<(typeof TYPES)[number], (data: unknown) => Checked<Inner>>> = {
  'server.joined': readJoined,
  'server.leaving': (data) => {
    const read = check(leavingSchema, data ?? {});
    return withSubject(read, ({ deadlineMs }) => ({
      type: 'server.leaving',
      deadlineMs: deadlineMs ?? null,
    }));
  },
  'server.left': (data) => withSubject(check(leftSchema, data ?? {}), () => ({ type: 'server.left' })),
};

/** With `server`, `host` is a key of what is declared: servers of one host share its memory. */
function readJoined(data: unknown): Checked<Inner> {
  const read = check(joinedSchema, data ?? {});
  if (!read.ok) return read;
  const { server, selector: labels, ...spec } = read.value;
  if (server === undefined) {
    const others = Object.keys(spec).filter((key) => key !== 'host');
    if (others.length > 0)
      return refused(others.map((path) => ({ path, rule: 'must not be given without server' })));
    return withSubject(read, () => ({ type: 'server.joined', spec: {} }));
  }
  if (labels !== undefined) return refused([{ path: 'selector', rule: ONE_SUBJECT }]);
  if (spec.grpc !== undefined) {
    const whole = readServerSpec(spec);
    if (!whole.ok) return whole;
  }
  return { ok: true, value: { type: 'server.joined', subject: { server }, spec } };
}

const ONE_SUBJECT = 'must have exactly one of server, host and selector';

function withSubject<Data extends { server?: string; host?: string; selector?: string[] }, Rest>(
  read: Checked<Data>,
  restOf: (data: Data) => Rest,
): Checked<Rest & { readonly subject: Subject }> {
  if (!read.ok) return read;
  const { server, host: of, selector: labels } = read.value;
  const subjects: Subject[] = [
    ...(server === undefined ? [] : [{ server }]),
    ...(of === undefined ? [] : [{ host: of }]),
    ...(labels === undefined ? [] : [{ selector: labels }]),
  ];
  const [subject] = subjects;
  if (subject === undefined || subjects.length > 1) return refused([{ path: '', rule: ONE_SUBJECT }]);
  return { ok: true, value: { ...restOf(read.value), subject } };
}

type Refusal = { readonly ok: false; readonly errors: readonly ConfigError[] };

const refused = (errors: readonly Pick<ConfigError, 'path' | 'rule'>[]): Refusal => ({
  ok: false,
  errors: errors.map((error) => ({ ...error, line: null })),
});

const within = ({ errors }: Refusal): Refusal => ({ ok: false, errors: underPath(['data'], errors) });
