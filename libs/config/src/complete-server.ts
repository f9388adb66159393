import { addressText, parseAddress } from './address.js';
import { findings, type Finding } from './errors.js';
import { SERVER_DEFAULTS } from './defaults.js';
import { contentOf, NO_FILES, resolved, type ServerFiles } from './server-files.js';
import { headersSchema, type ServerSpec } from './server-spec.js';
import { readYaml } from './yaml-text.js';

/** Where a server was declared, or that DNS told of it. */
export type ServerOrigin = 'file' | 'flag' | 'api' | 'discovered';

/** What calls over TLS are made with, as PEM texts. `ca` null: the authorities of the system. */
export type TlsConfig = {
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
};

/** A device that was declared. */
type DeviceConfig = {
  readonly ordinal: number;
  readonly uuid: string | null;
  readonly memoryMb: number;
  readonly headroomMb: number;
};

/** All there is to know about a server before it was ever called. */
export type ServerConfig = {
  readonly id: string;
  readonly origin: ServerOrigin;
  readonly host: string;
  readonly grpc: string;
  readonly http: string | null;
  readonly metrics: string | null;
  /** Also those of `headersFile`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly headersFile: string | null;
  readonly tls: TlsConfig | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly hostMemoryMb: number | null;
  readonly discover: boolean;
  readonly strangers: 'keep' | 'adopt' | 'retire';
  readonly metricsIntervalMs: number;
  readonly devices: readonly DeviceConfig[] | null;
};

/** A server with every default applied and the texts of the files it names; or why they could not be read. */
export function completeServer(
  id: string,
  origin: ServerOrigin,
  spec: ServerSpec,
  files: ServerFiles = NO_FILES,
): { readonly server: ServerConfig; readonly found: readonly Finding[] } {
  const found: Finding[] = [];
  const { http, metrics, labels, hostMemoryMb, discover, strangers, metricsIntervalMs } = {
    ...UNSAID,
    ...spec,
  };
  const server: ServerConfig = {
    id,
    origin,
    ...placeOf(spec),
    http,
    metrics,
    ...reachOf(spec, files, found),
    headersFile: spec.headersFile === undefined ? null : resolved(spec.headersFile, files.folder),
    labels,
    hostMemoryMb,
    discover,
    strangers,
    metricsIntervalMs,
    devices: devicesOf(spec),
  };
  return { server, found };
}

/** How a server is called: the headers, and the TLS. Why files cannot be used is then among what was `found`. */
export function reachOf(
  spec: Pick<ServerSpec, 'headers' | 'headersFile' | 'tls'>,
  files: ServerFiles,
  found: Finding[],
): Pick<ServerConfig, 'headers' | 'tls'> {
  return { headers: spec.headers ?? headersOf(spec, files, found), tls: tlsOf(spec, files, found) };
}

const UNSAID = {
  http: null,
  metrics: null,
  labels: {},
  hostMemoryMb: null,
  discover: SERVER_DEFAULTS.discover,
  strangers: SERVER_DEFAULTS.strangers,
  metricsIntervalMs: SERVER_DEFAULTS.metricsIntervalMs,
} as const;

function placeOf({ grpc, host }: ServerSpec): { readonly host: string; readonly grpc: string } {
  const address = parseAddress(grpc);
  if (address === undefined) throw new TypeError(`an address was accepted that is none: ${grpc}`);
  return { host: host ?? address.host, grpc: addressText(address) };
}

function devicesOf({ devices }: ServerSpec): DeviceConfig[] | null {
  if (devices === undefined || devices === null) return null;
  return devices.map(({ ordinal, uuid, memoryMb, headroomMb }) => {
    return { ordinal, uuid: uuid ?? null, memoryMb, headroomMb: headroomMb ?? SERVER_DEFAULTS.headroomMb };
  });
}

function headersOf(
  { headersFile }: Pick<ServerSpec, 'headersFile'>,
  files: ServerFiles,
  found: Finding[],
): Record<string, string> {
  if (headersFile === undefined) return {};
  const at = ['headersFile'];
  const content = contentOf(headersFile, files, at, found);
  if (content === undefined) return {};
  const yaml = readYaml(content);
  if (!yaml.ok) {
    found.push({ at, rule: 'must name a YAML or JSON file of headers' });
    return {};
  }
  const wrong = findings(headersSchema, yaml.value, at);
  found.push(...wrong);
  return wrong.length > 0 ? {} : headersSchema.parse(yaml.value);
}

function tlsOf({ tls }: Pick<ServerSpec, 'tls'>, files: ServerFiles, found: Finding[]): TlsConfig | null {
  if (tls === undefined) return null;
  const pem = (key: 'ca' | 'cert' | 'key'): string | null => {
    const path = tls[key];
    if (path === undefined) return null;
    const content = contentOf(path, files, ['tls', key], found) ?? null;
    if (content !== null && !content.includes('-----BEGIN '))
      found.push({ at: ['tls', key], rule: 'must name a PEM file' });
    return content;
  };
  return { ca: pem('ca'), cert: pem('cert'), key: pem('key') };
}
