import {
  type ChannelCredentials,
  Client,
  type ClientUnaryCall,
  credentials,
  Metadata,
  status,
} from '@grpc/grpc-js';
import { CallFailed } from './call-failed.js';
import { type Calls, loadProtocol } from './protocol.js';

const LARGEST_ANSWER = 64 * 2 ** 20;

/** grpc-js' own idea of a connection, for those that follow its state. */
export type Channel = ReturnType<Client['getChannel']>;

/** PEM texts. Without `ca`: the authorities of the system. */
export interface Tls {
  readonly ca?: string | null;
  readonly cert?: string | null;
  readonly key?: string | null;
}

/** The one control connection to a server: makes calls with a deadline each, and ends them all when it is closed. */
export class ControlChannel {
  private readonly client: Client;
  private readonly metadata = new Metadata();
  private readonly running = new Set<ClientUnaryCall>();
  private closed = false;

  constructor(
    private readonly address: string,
    headers: Readonly<Record<string, string>>,
    tls: Tls | null,
  ) {
    this.client = new Client(address, credentialsFrom(tls), CHANNEL_OPTIONS);
    for (const [key, value] of Object.entries(headers)) this.metadata.set(key, value);
  }

  get channel(): Channel {
    return this.client.getChannel();
  }

  /** Rejects with CallFailed, always. */
  call<Name extends keyof Calls>(
    name: Name,
    request: Calls[Name]['request'],
    withinMs: number,
  ): Promise<Calls[Name]['response']> {
    const subject = `${name} of ${this.address}`;
    if (this.closed) return Promise.reject(new CallFailed(status.CANCELLED, 'closed', subject));
    const method = methodOf(name);
    return new Promise((resolve, reject) => {
      const call = this.client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        this.metadata,
        { deadline: Date.now() + withinMs },
        (error, response) => {
          this.running.delete(call);
          if (error) reject(new CallFailed(error.code, error.details, subject));
          else resolve(response as Calls[Name]['response']);
        },
      );
      this.running.add(call);
    });
  }

  close(): void {
    this.closed = true;
    for (const call of this.running) call.cancel();
    this.client.close();
  }
}

/**
 * No keepalive pings: Triton ends a long Load whose connection pings more often than every 5 minutes. No retries: an
 * order goes out once. No proxy and no shared connection: what becomes of it is a fact about this server.
 */
const CHANNEL_OPTIONS = {
  'grpc.max_receive_message_length': LARGEST_ANSWER,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.dns_min_time_between_resolutions_ms': 1_000,
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
  'grpc.use_local_subchannel_pool': 1,
};

let protocol: ReturnType<typeof loadProtocol> | undefined;

function methodOf(name: keyof Calls) {
  protocol ??= loadProtocol();
  const method = protocol[name];
  if (!method) throw new Error(`the protocol has no ${name}`);
  return method;
}

function credentialsFrom(tls: Tls | null): ChannelCredentials {
  if (tls === null) return credentials.createInsecure();
  const [ca, key, cert] = [tls.ca, tls.key, tls.cert].map((text) => (text ? Buffer.from(text) : null));
  return credentials.createSsl(ca, key, cert);
}
