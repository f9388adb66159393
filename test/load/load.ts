import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { output } from './children.js';
import { scratchPath } from './scratch.js';

const AT_ONCE = 64;

/** What sends the calls: a process of its own that costs less than what it measures, where there is one. */
export interface LoadGenerator {
  readonly name: string;
  run(calls: number): Promise<void>;
}

const hasH2load = spawnSync('h2load', ['--version']).status === 0;

/** Headers or metadata by their names. */
type Headers = Readonly<Record<string, string>>;

/** Unary calls with one message over one connection, each with this metadata. */
export function grpcLoad(
  address: string,
  path: string,
  message: Uint8Array,
  metadata: Headers = {},
): LoadGenerator {
  if (!hasH2load) {
    const script = fileURLToPath(new URL('./grpc-client.js', import.meta.url));
    const text = Buffer.from(message).toString('base64');
    return {
      name: 'grpc-js',
      run: async (calls) => {
        const numbers = [String(calls), String(AT_ONCE), JSON.stringify(metadata)];
        await output(process.execPath, [script, address, path, text, ...numbers]);
      },
    };
  }
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  const headers = ['content-type: application/grpc', 'te: trailers', ...linesOf(metadata)];
  const body = Buffer.concat([frame, message]);
  return h2load(['-c', '1', '-m', String(AT_ONCE)], `http://${address}${path}`, headers, body);
}

const linesOf = (headers: Headers): string[] =>
  Object.entries(headers).map(([name, value]) => `${name}: ${value}`);

/** POSTs of one JSON body over kept connections, each with these headers. */
export function httpLoad(url: string, body: string, more: Headers = {}): LoadGenerator {
  const headers = ['content-type: application/json', ...linesOf(more)];
  if (hasH2load) return h2load(['--h1', '-c', String(AT_ONCE)], url, headers, Buffer.from(body));
  const cannon = fileURLToPath(import.meta.resolve('autocannon'));
  const args = [
    cannon,
    '-m',
    'POST',
    ...headers.flatMap((header) => ['-H', header]),
    '-b',
    body,
    '-c',
    String(AT_ONCE),
  ];
  return {
    name: 'autocannon',
    run: async (calls) => {
      const text = await output(process.execPath, [...args, '-a', String(calls), '--json', url]);
      const { '2xx': succeeded } = JSON.parse(text.slice(text.indexOf('{'))) as { readonly '2xx': number };
      if (succeeded !== calls) throw new Error(`autocannon: ${succeeded} of ${calls} calls succeeded`);
    },
  };
}

function h2load(
  how: readonly string[],
  url: string,
  headers: readonly string[],
  body: Uint8Array,
): LoadGenerator {
  const named = headers.flatMap((header) => ['-H', header]);
  const file = scratchPath();
  writeFileSync(file, body);
  return {
    name: 'h2load',
    run: async (calls) => {
      const text = await output('h2load', [...how, '-n', String(calls), ...named, '-d', file, url]);
      if (!text.includes(` ${calls} succeeded, 0 failed`)) throw new Error(`h2load: calls failed\n${text}`);
    },
  };
}
