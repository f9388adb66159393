import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { Flags } from '#config';

const OPTIONS = {
  triton: { type: 'string', multiple: true },
  config: { type: 'string' },
  listen: { type: 'string' },
  'insecure-listen': { type: 'boolean' },
  http: { type: 'string' },
  grpc: { type: 'string' },
  data: { type: 'string' },
  help: { type: 'boolean' },
} as const satisfies ParseArgsConfig['options'];

export const USAGE = `Berth places many models on few GPUs.
  --triton host:port   a Triton server, by its gRPC address; may be repeated
  --config FILE        the configuration file (BERTH_CONFIG)
  --listen ADDRESS     where both are served, such as 0.0.0.0: with keys and TLS beyond loopback (BERTH_LISTEN)
  --insecure-listen    without keys, also beyond loopback
  --http host:port     where HTTP is served (BERTH_HTTP, default 127.0.0.1:7080)
  --grpc host:port     where gRPC is served (BERTH_GRPC, default 127.0.0.1:7081)
  --data FOLDER        where the state is kept (BERTH_DATA, default .berth)
  --help               this text
  BERTH_LOG            how much is logged: info where not set, also debug, warn, error
With no server at all a simulated Triton is started.`;

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** What `BERTH_LOG` says. An empty variable counts as not set. */
export function readLogLevel(word: string | undefined): string {
  const level = word || 'info';
  if (LOG_LEVELS.includes(level)) return level;
  throw Object.assign(new Error(`BERTH_LOG: must be one of ${LOG_LEVELS.join(', ')}`), { code: 'BERTH_LOG' });
}

/** What the command line says. */
export interface CommandLine {
  readonly flags: Flags;
  readonly configPath: string | undefined;
  readonly help: boolean;
}

/** Reads the command line; throws where a flag is not known. */
export function readCommandLine(args: readonly string[]): CommandLine {
  const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: false });
  const { triton = [], listen, http, grpc, data, config, help = false } = values;
  const flags = { triton, listen, http, grpc, data, insecureListen: values['insecure-listen'] };
  return { flags, configPath: config, help };
}
