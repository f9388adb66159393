import { FirstMessage, MAX_READ, type Named, Unreadable } from '#envoy';
import { invalid, type Refused } from '../../transport/errors/refused.js';
import { type Asked, askedBy, headersIn } from './asked.js';
import {
  BODY_MODES,
  type BodyMode,
  echoed,
  type HttpBody,
  type ProcessingRequest,
  type ProcessingResponse,
  sentTo,
  unchanged,
  UNCHANGED_TRAILERS,
} from './processing.js';

/** Where a request goes. */
export interface Picked {
  /** `ip:port`. */
  readonly address: string;
  /** Takes the place of the path that was asked for. */
  readonly path?: string;
  /** The caller has sent something. */
  readonly touched: () => void;
  /** The request is over. */
  readonly over: () => void;
  /** The server has answered with these headers; undefined: its answer stands. */
  readonly answered: (headers: ReadonlyMap<string, string>) => ProcessingResponse | undefined;
}

/** What an exchange asks and tells. */
export interface ExchangeParts {
  /** Picks a server; a promise where the caller has to wait. Throws a refusal, or rejects with one. */
  readonly pick: (asked: Asked, waits: () => void) => Picked | Promise<Picked>;
  /** How the caller is told a refusal. */
  readonly refusal: (error: unknown, asked: Asked) => ProcessingResponse;
  /** Tells Envoy. */
  readonly tell: (answer: ProcessingResponse) => void;
  /** Takes nothing more from Envoy, until `resume`. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** How long Envoy has to wait for the answer, in milliseconds. */
  readonly patience: (asked: Asked) => ProcessingResponse;
}

/** Envoy has sent what it never sends in that order. */
export class OutOfOrder extends Error {}

/** One request of a client of Envoy, from its headers to the end of its answer. It has no clock and no sockets. */
export class Exchange {
  private asked: Asked | undefined;
  private mode: BodyMode = 'none';
  private name: FirstMessage | undefined;
  private picked: Picked | undefined;
  private isRefused = false;
  private isClosed = false;
  /** What came of the body while it waits for a route; it is echoed where Envoy has given it away. */
  private held: HttpBody[] = [];
  private heldBytes = 0;
  private holdsTrailers = false;

  constructor(private readonly parts: ExchangeParts) {}

  /** Takes what Envoy has sent. Throws `OutOfOrder`. */
  take(message: ProcessingRequest): void {
    const { requestHeaders, requestBody, requestTrailers, responseHeaders, responseBody } = message;
    if (this.isRefused) return;
    if (requestHeaders) return this.begin(requestHeaders, message.protocolConfig);
    if (this.asked === undefined) throw new OutOfOrder('the headers of a request come first');
    if (requestBody) return this.body(this.asked, requestBody);
    if (requestTrailers) return this.trailers();
    if (this.picked === undefined) throw new OutOfOrder('an answer comes after its request was sent on');
    if (responseHeaders) return this.answered(this.picked, responseHeaders);
    if (responseBody) return this.echo('responseBody', responseBody);
    if (message.responseTrailers) return this.tellTrailers('responseTrailers');
    throw new OutOfOrder('a message has one of its parts');
  }

  /** Envoy has closed its stream: the answer has ended, or the caller has gone. */
  close(): void {
    this.isClosed = true;
    this.picked?.over();
  }

  private begin(
    headers: NonNullable<ProcessingRequest['requestHeaders']>,
    config: ProcessingRequest['protocolConfig'],
  ): void {
    if (this.asked !== undefined) throw new OutOfOrder('a request has its headers once');
    const asked = (this.asked = askedBy(headersIn(headers)));
    this.mode = BODY_MODES[config?.requestBodyMode ?? 0] ?? 'none';
    if (asked.model !== null || !NAMED_IN_BODY.has(asked.kind)) return this.pick(asked, 'requestHeaders');
    if (headers.endOfStream || !BRINGS_NAME.has(this.mode)) return this.refuse(NO_NAME, asked);
    this.name = new FirstMessage(asked.encoding);
    if (this.mode === 'buffered') this.parts.tell(unchanged('requestHeaders'));
  }

  private body(asked: Asked, body: HttpBody): void {
    this.picked?.touched();
    if (this.name === undefined) return this.passOn(body);
    if (this.mode === 'duplex') this.hold(body);
    try {
      const named = this.name.push(body.body, body.endOfStream || this.mode === 'buffered');
      if (named !== undefined) this.pickNamed(asked, named);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.refuse(invalid([{ path: 'body', rule: error.message }]), asked);
    }
  }

  /** Picks for a call whose first message names its model. Statistics without a model are those of all. */
  private pickNamed(asked: Asked, { model, version }: Named): void {
    this.name = undefined;
    const isNamed = model !== '';
    if (!isNamed && asked.kind !== 'statistics') return this.refuse(NO_NAME, asked);
    this.asked = isNamed ? { ...asked, model, version: version || null } : { ...asked, kind: 'server' };
    this.pick(this.asked, this.mode === 'duplex' ? 'requestHeaders' : 'requestBody');
  }

  private pick(asked: Asked, part: 'requestHeaders' | 'requestBody'): void {
    const done = (picked: Picked): void => {
      if (this.isClosed) return picked.over();
      this.picked = picked;
      this.parts.tell(sentTo(part, picked.address, picked.path));
      this.release();
    };
    try {
      const found = this.parts.pick(asked, () => this.wait(asked));
      if (!(found instanceof Promise)) return done(found);
      found.then(done).catch((error: unknown) => this.refuse(error, asked));
    } catch (error) {
      this.refuse(error, asked);
    }
  }

  /** The caller waits: Envoy has to, as well. It has no time limit for bodies that go both ways. */
  private wait(asked: Asked): void {
    if (this.mode !== 'duplex') this.parts.tell(this.parts.patience(asked));
  }

  private refuse(error: unknown, asked: Asked): void {
    this.isRefused = true;
    this.held = [];
    this.parts.tell(this.parts.refusal(error, asked));
    this.parts.resume();
  }

  private passOn(body: HttpBody): void {
    if (this.mode !== 'duplex') return this.parts.tell(unchanged('requestBody'));
    if (this.picked === undefined) this.hold(body);
    else this.echo('requestBody', body);
  }

  private hold(body: HttpBody): void {
    this.held.push(body);
    this.heldBytes += body.body.length;
    if (this.heldBytes >= MAX_READ) this.parts.pause();
  }

  /** Sends on what was held. */
  private release(): void {
    const { held } = this;
    this.held = [];
    for (const body of held) this.echo('requestBody', body);
    if (this.holdsTrailers) this.tellTrailers('requestTrailers');
    this.parts.resume();
  }

  private trailers(): void {
    if (this.picked === undefined && this.mode === 'duplex') this.holdsTrailers = true;
    else this.tellTrailers('requestTrailers');
  }

  private tellTrailers(part: keyof typeof UNCHANGED_TRAILERS): void {
    this.parts.tell({ [part]: UNCHANGED_TRAILERS[part] });
  }

  private answered(picked: Picked, headers: NonNullable<ProcessingRequest['responseHeaders']>): void {
    const instead = picked.answered(headersIn(headers));
    if (instead !== undefined) this.isRefused = true;
    this.parts.tell(instead ?? unchanged('responseHeaders'));
  }

  private echo(part: 'requestBody' | 'responseBody', body: HttpBody): void {
    for (const answer of echoed(part, body)) this.parts.tell(answer);
  }
}

/** Modes in which a body, or what begins it, comes before the request goes on. */
const BRINGS_NAME: ReadonlySet<BodyMode> = new Set(['buffered', 'duplex']);
const NAMED_IN_BODY: ReadonlySet<string> = new Set(['infer', 'describe', 'ready', 'statistics']);

const NO_NAME: Refused = invalid([
  {
    path: 'x-berth-model',
    rule: 'must name the model, or the first 64 KiB of the message must, as Envoy sends them to Berth',
  },
]);
