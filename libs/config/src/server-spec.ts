import { z } from 'zod';
import { ADDRESS_PATTERN, ADDRESS_RULE, parseAddress } from './address.js';
import { SERVER_DEFAULTS } from './defaults.js';
import { check, type Checked } from './errors.js';
import {
  choice,
  labels,
  listOf,
  memoryMb,
  millis,
  name,
  notBeside,
  text,
  unique,
  whereTyped,
  whole,
} from './rules.js';

const HEADER_RULE =
  'must be a gRPC metadata key: lower-case letters, digits, "_", "." or "-", not beginning with "grpc-" nor ending with "-bin"';
const NOT_UNIQUE = 'must be unique on its server';
const URL_RULE = 'must be an http:// or https:// URL without credentials';

/** Metadata that goes with each call to a server. */
export const headersSchema = z.record(
  z.string().regex(/^(?!grpc-)(?!.*-bin$)[0-9a-z_.-]{1,128}$/, { error: HEADER_RULE }),
  z.string().regex(/^[\x20-\x7e]{0,4096}$/, { error: 'must be at most 4096 printable ASCII characters' }),
);

const deviceSchema = z
  .strictObject({
    ordinal: whole(0, 1023).describe('The number of the device, as Triton counts.'),
    uuid: text.nullable().exactOptional().describe('The name NVIDIA gives the device.'),
    memoryMb: memoryMb().describe('The memory of the device.'),
    headroomMb: memoryMb(0).exactOptional().describe('What is left free of it.'),
  })
  .superRefine(
    ({ memoryMb: memory, headroomMb: headroom = SERVER_DEFAULTS.headroomMb }, context) => {
      const message = `must be more than headroomMb (${headroom})`;
      if (memory > 0 && memory <= headroom) context.addIssue({ code: 'custom', path: ['memoryMb'], message });
    },
    { when: whereTyped('memoryMb', 'headroomMb') },
  );

const url = z
  .string()
  .max(2048, { error: URL_RULE })
  .refine(isPlainUrl, { error: URL_RULE })
  .meta({ format: 'uri', pattern: '^https?://' });

/** The rule that a certificate is of no use without its key. */
export const CERT_AND_KEY_RULE = 'must have both cert and key, or neither';

/** How a server is called over TLS. */
export const serverTlsSchema = z.strictObject({
  ca: text.exactOptional().describe('File of the authorities to trust (PEM). Default: those of the system.'),
  cert: text.exactOptional().describe('File of our certificate (PEM).'),
  key: text.exactOptional().describe('File of the key of our certificate (PEM).'),
});

/** What the keys must agree on that say how a server is called. */
export const certWithKey = z.refine<{ readonly tls?: { readonly cert?: string; readonly key?: string } }>(
  ({ tls }) => (tls?.cert === undefined) === (tls?.key === undefined),
  { path: ['tls'], error: CERT_AND_KEY_RULE, when: whereTyped('tls') },
);
const headersOnce = notBeside('headersFile', 'headers');

const serverShape = {
  host: text.exactOptional().describe('Servers of one host share its memory. Default: the host of `grpc`.'),
  grpc: z
    .string()
    .refine((value) => (parseAddress(value)?.port ?? 0) > 0, { error: ADDRESS_RULE })
    .meta({ description: 'The gRPC address of Triton, host:port.', pattern: ADDRESS_PATTERN }),
  http: url.nullable().exactOptional().describe('The HTTP address of Triton, told to gateways.'),
  metrics: url.nullable().exactOptional().describe('Where Triton tells its metrics.'),
  headers: headersSchema.exactOptional().describe('Sent with each call, for restricted protocols.'),
  headersFile: text.exactOptional().describe('A file to take the headers from.'),
  tls: serverTlsSchema.exactOptional().describe('Set, also as {}: Triton is called over TLS.'),
  labels: labels.exactOptional().describe('Free words, for placement and gateways.'),
  hostMemoryMb: memoryMb()
    .nullable()
    .exactOptional()
    .describe('The memory of the host that models may take.'),
  discover: z.boolean().exactOptional().describe('false: only declared models exist on it.'),
  strangers: choice(['keep', 'adopt', 'retire'])
    .exactOptional()
    .describe('What becomes of models we did not order.'),
  metricsIntervalMs: millis(100, 60_000)
    .exactOptional()
    .describe('How often its Triton reads its GPUs: its `--metrics-interval-ms`.'),
  devices: listOf(deviceSchema, 1024)
    .min(1, { error: 'must list a device; left out, the devices are found from the metrics' })
    .check(
      unique(NOT_UNIQUE, ({ ordinal }) => ordinal, 'ordinal'),
      unique(NOT_UNIQUE, ({ uuid }) => uuid, 'uuid'),
    )
    .nullable()
    .exactOptional()
    .describe('Its devices. Left out: found from the metrics.'),
};

/** What is declared for one server: the keys that are set. */
export type ServerSpec = z.infer<typeof serverKeys>;

const serverKeys = z.strictObject(serverShape);

/** The keys of a server as the file lists it, each right by itself. */
export const fileServerKeys = z.strictObject({
  id: name.describe('The name of the server.'),
  ...serverShape,
});

/** A server as the file lists it. */
export const fileServerSchema = fileServerKeys.check(certWithKey, headersOnce);

/** A key of the file: a caller names no file of this machine, neither to have it read, nor to have it sent elsewhere. */
const OF_FILE = z.never({ error: 'may be set in the file only' }).exactOptional();

/** What is declared for one server over the API; its name is in the path. */
const serverBodySchema = serverKeys
  .extend({
    headersFile: OF_FILE,
    tls: z.strictObject({ ca: OF_FILE, cert: OF_FILE, key: OF_FILE }).exactOptional(),
  })
  .check(headersOnce);

/** The file names in a spec, and the keys that have them. */
export function fileNamesIn({ headersFile, tls }: ServerSpec): { at: readonly string[]; name: string }[] {
  const names = [
    { at: ['headersFile'], name: headersFile },
    ...(['ca', 'cert', 'key'] as const).map((key) => ({ at: ['tls', key], name: tls?.[key] })),
  ];
  return names.flatMap(({ at, name: file }) => (file === undefined ? [] : [{ at, name: file }]));
}

/** The same server without the files it names. TLS stays on: nothing that was encrypted is sent in the clear. */
export function withoutFileNames({ headersFile: _, ...spec }: ServerSpec): ServerSpec {
  return spec.tls === undefined ? spec : { ...spec, tls: {} };
}

/** Checks what a PUT declares for a server. */
export const readServerSpec = (body: unknown): Checked<ServerSpec> => check(serverBodySchema, body);

/** The same as it is published: without the names of files, which are refused. */
export const publishedServerSchema = serverKeys.omit({ headersFile: true }).extend({
  tls: z
    .strictObject({})
    .exactOptional()
    .describe('Set as {}: Triton is called over TLS. Files are named in the configuration file only.'),
});

/** A key of which the configuration decides. */
const OF_CONFIGURATION = z
  .never({ error: 'must not be given: webhooks.fleet says how servers that join are called' })
  .exactOptional();

/** What a server may say of itself that joins by a webhook: nothing of how it is called, which is a matter of the configuration. */
export const joinedServerSchema = serverKeys.omit({ headers: true, headersFile: true, tls: true }).extend({
  grpc: serverShape.grpc.exactOptional(),
  headers: OF_CONFIGURATION,
  headersFile: OF_CONFIGURATION,
  tls: OF_CONFIGURATION,
});

function isPlainUrl(value: string): boolean {
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username === '' && password === '';
}
