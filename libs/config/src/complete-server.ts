import { addressText, parseAddress } from './address.js';
import { findings, type Path } from './errors.js';
import { SERVER_DEFAULTS } from './defaults.js';
import { NamedFiles } from './named-files.js';
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

/** A server with every default applied, and with the texts of the files that it names; `at` is where it stands. */
export function completeServer(
  id: string,
  origin: ServerOrigin,
  spec: ServerSpec,
  files = new NamedFiles(),
  at: Path = [],
): ServerConfig {
  const { http, metrics, labels, hostMemoryMb, discover, strangers, metricsIntervalMs } = {
    ...UNSAID,
    ...spec,
  };
  return {
    id,
    origin,
    ...placeOf(spec),
    http,
    metrics,
    ...reachOf(spec, files, at),
    headersFile: spec.headersFile === undefined ? null : files.pathOf(spec.headersFile),
    labels,
    hostMemoryMb,
    discover,
    strangers,
    metricsIntervalMs,
    devices: devicesOf(spec),
  };
}

/** How a server is called: the headers, and the TLS. */
export function reachOf(
  { headers, headersFile, tls }: Pick<ServerSpec, 'headers' | 'headersFile' | 'tls'>,
  files: NamedFiles,
  at: Path,
): Pick<ServerConfig, 'headers' | 'tls'> {
  return { headers: headers ?? headersIn(headersFile, files, at), tls: completeTls(tls, files, at) };
}

/** TLS with the texts of its files, where there is any. */
export function completeTls(tls: ServerSpec['tls'], files: NamedFiles, at: Path): TlsConfig | null {
  const pem = (key: 'ca' | 'cert' | 'key') => files.readPem(tls?.[key], [...at, 'tls', key]);
  return tls === undefined ? null : { ca: pem('ca'), cert: pem('cert'), key: pem('key') };
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

function headersIn(name: string | undefined, files: NamedFiles, under: Path): Record<string, string> {
  const at = [...under, 'headersFile'];
  const readOk = (text: string) => {
    const yaml = readYaml(text);
    return yaml.ok ? yaml : undefined;
  };
  const yaml = files.read(name, at, readOk, 'must name a YAML or JSON file of headers');
  if (yaml === undefined) return {};
  const wrong = findings(headersSchema, yaml.value, at);
  files.found.push(...wrong);
  return wrong.length > 0 ? {} : headersSchema.parse(yaml.value);
}
