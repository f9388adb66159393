import type { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { invalid, Refused } from '../errors/refused.js';
import { Chain, Link } from './chain.js';
import { type Owner, Room } from './room.js';

/** Milliseconds in which a message over gRPC has to come. */
const LATE_MS = 10_000;
/** The longest message of a caller that has not signed in, and the five bytes before it. */
const MAX_UNSIGNED = 64 * 2 ** 10 + 5;
/** Bytes of a message that are not counted: callers that take up all room keep no short message out. */
const SMALL = 2 ** 10;
const LATE = invalid([{ path: '', rule: 'must arrive in time' }]);
const TOO_LONG = new Refused({ reason: 'too_large', detail: 'a message may have at most 64 KiB' });
const noRoom = (): Refused =>
  new Refused({ reason: 'busy', detail: 'too much is held of unfinished messages', retryAfter: 1_000 });

/** A message that has begun to come. */
class Message extends Link {
  at = 0;

  constructor(readonly stop: (error: Refused) => void) {
    super();
  }
}

/** Bounds what is held of messages that have not come whole. */
export class Unfinished {
  private readonly room = new Room();
  /** Messages over gRPC, in the order in which they began. */
  private readonly begun = new Chain<Message>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Refuses the messages that have taken too long. */
  look(): void {
    for (const { at, stop } of this.begun.all()) if (this.now() - at >= LATE_MS) stop(LATE);
  }

  /**
   * Follows what a caller sends over gRPC, until it says that there is no more; `end` ends the call with a refusal. Returns what is
   * to be called where a message is whole and others may come.
   */
  messages(stream: Readable, owner: Owner, end: (error: Refused) => void): () => void {
    const count = this.counted(owner);
    let [came, last] = [0, 0];
    const stop = (error?: Refused): void => {
      stream.off('data', read);
      count(0);
      message.leave();
      if (error) end(error);
    };
    const message = new Message(stop);
    const read = ({ length }: Buffer): void => {
      [came, last] = [came + length, length];
      if (!message.isIn) this.begin(message);
      if (owner.credential === '' && came > MAX_UNSIGNED) stop(TOO_LONG);
      else if (!count(came)) stop(noRoom());
    };
    this.begin(message);
    for (const event of ['end', 'close']) stream.once(event, () => stop());
    stream.on('data', read);
    return () => {
      message.leave();
      // The next message may have begun in what came last.
      count((came = last));
    };
  }

  private begin(message: Message): void {
    message.at = this.now();
    this.begun.add(message);
  }

  /** Follows the bodies over HTTP, of which Node ends those that take too long. */
  bodies(fastify: FastifyInstance): void {
    fastify.addHook('preParsing', ({ principal, raw }, reply, payload, done) => {
      const count = this.counted({ connection: raw.socket, credential: principal?.credential ?? '' });
      let came = 0;
      const stop = (): void => void (payload.off('data', read) && count(0));
      const read = (chunk: Buffer): void => {
        if (count((came += chunk.length))) return;
        stop();
        if (payload.listenerCount('error') > 0) payload.emit('error', noRoom());
      };
      const { 'content-length': length, 'transfer-encoding': coding } = raw.headers;
      if ((length ?? coding) !== undefined) payload.on('data', read).once('end', stop);
      reply.raw.once('close', stop);
      done(null, payload);
    });
  }

  /** Counts how many bytes are held of a message; says no where they have no room. */
  private counted(owner: Owner): (bytes: number) => boolean {
    let held = 0;
    return (came) => {
      const bytes = Math.max(0, came - SMALL);
      if (bytes > held && !this.room.has(owner, bytes - held)) return false;
      if (bytes !== held) this.room.add(owner, bytes - held);
      held = bytes;
      return true;
    };
  }
}
