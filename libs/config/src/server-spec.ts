import { z } from 'zod';
import { ADDRESS_PATTERN, ADDRESS_RULE, parseAddress } from './address.js';
import { choice, labels, memoryMb, millis, name, text, whole } from './rules.js';

const HEADER_RULE =
  'must be a gRPC metadata key: lower-case letters, digits, "_", "." or "-", not beginning with "grpc-" nor ending with "-bin"';
const URL_RULE = 'must be an http:// or https:// URL without credentials';

/** Metadata that goes with each call to a server. */
export const headersSchema = z.record(
  z.string().regex(/^(?!grpc-)(?!.*-bin$)[0-9a-z_.-]{1,128}$/, { error: HEADER_RULE }),
  z.string().regex(/^[\x20-\x7e]{0,4096}$/, { error: 'must be at most 4096 printable ASCII characters' }),
);

const deviceSchema = z.strictObject({
  ordinal: whole(0, 1023).describe('The number of the device, as Triton counts.'),
  uuid: text.nullable().exactOptional().describe('The name NVIDIA gives the device.'),
  memoryMb: memoryMb().describe('The memory of the device.'),
  headroomMb: memoryMb(0).exactOptional().describe('What is left free of it.'),
});

const url = z
  .string()
  .max(2048, { error: URL_RULE })
  .refine(isPlainUrl, { error: URL_RULE })
  .meta({ format: 'uri', pattern: '^https?://' });

/** How a server is called over TLS. */
export const serverTlsSchema = z.strictObject({
  ca: text.exactOptional().describe('File of the authorities to trust (PEM). Default: those of the system.'),
  cert: text.exactOptional().describe('File of our certificate (PEM).'),
  key: text.exactOptional().describe('File of the key of our certificate (PEM).'),
});

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
  devices: z
    .array(deviceSchema)
    .min(1, { error: 'must list a device; left out, the devices are found from the metrics' })
    .max(1024, { error: 'must have at most 1024 entries' })
    .nullable()
    .exactOptional()
    .describe('Its devices. Left out: found from the metrics.'),
};

/** What is declared for one server over the API; its name is in the path. */
export const serverSpecSchema = z.strictObject(serverShape);

/** The same as it is published: names of files are for the configuration file alone, and are refused with that rule. */
export const publishedServerSchema = serverSpecSchema.omit({ headersFile: true }).extend({
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
export const joinedServerSchema = serverSpecSchema
  .omit({ headers: true, headersFile: true, tls: true })
  .extend({
    grpc: serverShape.grpc.exactOptional(),
    headers: OF_CONFIGURATION,
    headersFile: OF_CONFIGURATION,
    tls: OF_CONFIGURATION,
  });

/** What is declared for one server: the keys that are set. */
export type ServerSpec = z.infer<typeof serverSpecSchema>;

/** A server as the file lists it: with its id. */
export const fileServerSchema = z.strictObject({
  id: name.describe('The name of the server.'),
  ...serverShape,
});

function isPlainUrl(value: string): boolean {
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username === '' && password === '';
}
