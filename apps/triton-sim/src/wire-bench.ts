import { credentials, Metadata } from '@grpc/grpc-js';
import type { Client, ServiceError } from '@grpc/grpc-js';
import { tritonService } from './proto.js';
import { startTritonSim } from './sim-server.js';
import type { RunningSim, TritonSimOptions } from './sim-server.js';

type Call = (
  request: object,
  metadata: Metadata,
  done: (error: ServiceError | null, answer: object) => void,
) => void;

/** An answer of which the specs read only parts. */
export interface Message extends Readonly<Record<string, unknown>> {
  readonly models?: readonly { readonly name: string; readonly state: string; readonly reason: string }[];
  readonly error?: string;
}

const open: { close(): unknown }[] = [];

/** Closes what the last test opened. */
export async function closeAll(): Promise<void> {
  for (const one of open.splice(0).reverse()) await one.close();
}

/** Starts a simulator whose loads take milliseconds. */
export async function start(options: Partial<TritonSimOptions> = {}): Promise<RunningSim> {
  const running = await startTritonSim({ id: 't0', speed: 200, ...options });
  open.push(running);
  return running;
}

/** A client of its gRPC port: a method's name, the request, the metadata. */
export function clientOf({
  addresses,
}: RunningSim): (method: string, request?: object, headers?: object) => Promise<Message> {
  const client: Client = new (tritonService())(addresses.grpc, credentials.createInsecure(), {
    'grpc.initial_reconnect_backoff_ms': 20,
    'grpc.max_reconnect_backoff_ms': 50,
  });
  open.push(client);
  return (method, request = {}, headers = {}) =>
    new Promise((resolve, reject) => {
      const metadata = new Metadata();
      for (const [key, value] of Object.entries(headers)) metadata.set(key, String(value));
      const call = (client as unknown as Record<string, Call>)[method]!.bind(client);
      call(request, metadata, (error, answer) =>
        error === null ? resolve(answer as Message) : reject(error),
      );
    });
}

/** Sends a body to an HTTP port. */
export async function post(url: string, body: unknown): Promise<{ status: number; json: Message }> {
  const response = await fetch(url, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, json: (await response.json()) as Message };
}

/** Looks again and again until it is there. */
export async function until<T>(look: () => Promise<T>, isThere: (seen: T) => boolean): Promise<T> {
  for (;;) {
    const seen = await look();
    if (isThere(seen)) return seen;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
