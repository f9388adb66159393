import {
  type ChannelCredentials,
  Client,
  type ClientUnaryCall,
  connectivityState,
  credentials,
  Metadata,
  status,
} from '@grpc/grpc-js';
import { CallFailed } from './call-failed.js';
import { type Calls, loadProtocol } from './protocol.js';

const LARGEST_ANSWER = 64 * 2 ** 20;
/** What a connection may take, the handshake of TLS included. */
const CONNECT_MS = 2_500;
/** The failed channel is asked why at once, and answers at once. */
const WHY_MS = 500;
const { READY, TRANSIENT_FAILURE } = connectivityState;

/** PEM texts. Without `ca`: the authorities of the system. */
export interface Tls {
  readonly ca?: string | null;
  readonly cert?: string | null;
  readonly key?: string | null;
}

/** One control connection to a server: makes calls with a deadline each, and ends them all when it is closed. */
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

  /** Connects, once. Null where the connection stands, else why it does not, in the words of the library. */
  async connect(): Promise<string | null> {
    const channel = this.client.getChannel();
    const giveUpAt = Date.now() + CONNECT_MS;
    for (;;) {
      const state = channel.getConnectivityState(true);
      if (state === READY) return null;
      if (this.closed) return 'closed';
      if (state === TRANSIENT_FAILURE) return this.whyNot();
      const isChanged = await new Promise<boolean>((resolve) =>
        channel.watchConnectivityState(state, giveUpAt, (late) => resolve(late === undefined)),
      );
      if (isChanged) continue;
      // An event loop that was held up hears first of what came meanwhile.
      await new Promise(setImmediate);
      if (channel.getConnectivityState(false) !== READY) return `no answer within ${CONNECT_MS} ms`;
    }
  }

  /** Calls once, when the connection that stands has ended. */
  whenEnded(run: () => void): void {
    this.client.getChannel().watchConnectivityState(READY, Infinity, () => {
      if (!this.closed) run();
    });
  }

  private async whyNot(): Promise<string> {
    try {
      await this.call('ServerMetadata', {}, WHY_MS);
      return 'the connection ended';
    } catch (error) {
      return (error as CallFailed).details.replace(TIME_OF_FAILURE, '');
    }
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

  /** Closes what is left of a connection that has ended; its calls end by that. */
  release(): void {
    this.closed = true;
    // Not from within the channel's own telling: it has not finished its change yet.
    setImmediate(() => this.client.close());
  }

  close(): void {
    this.closed = true;
    for (const call of this.running) call.cancel();
    this.client.close();
  }
}

/** What grpc-js writes behind its reason: the reason would be another one each time. */
const TIME_OF_FAILURE = /\s*\(\d{4}-\d\d-\d\dT[\d:.]+Z\)/g;

/**
 * No keepalive pings: Triton ends a long Load whose connection pings more often than every 5 minutes. No retries: an
 * order goes out once. No proxy and no shared connection: what becomes of it is a fact about this server.
 */
const CHANNEL_OPTIONS = {
  'grpc.max_receive_message_length': LARGEST_ANSWER,
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
