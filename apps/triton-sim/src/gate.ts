import { setTimeout as sleep } from 'node:timers/promises';

/** Where a port is to be; 0 takes any free one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A port that is open. */
export interface Listener {
  readonly port: number;
  close(): Promise<void>;
  /** Takes no new connections any more; only some ports do so before they close. */
  refuse?(): void;
}

const REOPEN_TRIES = 40;
const REOPEN_PAUSE_MS = 50;

/** A port that dies and comes back with the simulated server, at the same number. Openings and closings take turns. */
export class Gate {
  private listener: Listener | undefined;
  private port: number;
  private turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly address: Address,
    private readonly listen: (address: Address) => Promise<Listener>,
  ) {
    this.port = address.port;
  }

  /** `host:port`, once it has been open. */
  get name(): string {
    return `${this.address.host}:${this.port}`;
  }

  open(): Promise<void> {
    return this.next(async () => {
      if (this.listener !== undefined) return;
      this.listener = await this.listenAgain(REOPEN_TRIES);
      this.port = this.listener.port;
    });
  }

  shut(): Promise<void> {
    return this.next(async () => {
      const listener = this.listener;
      this.listener = undefined;
      await listener?.close();
    });
  }

  /** From now on connections are refused; those that are open may end what they do. */
  refuse(): Promise<void> {
    return this.next(async () => this.listener?.refuse?.());
  }

  private next(work: () => Promise<void>): Promise<void> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => {});
    return done;
  }

  /** A number that was ours may still be held by the connections that have just been dropped. */
  private async listenAgain(tries: number): Promise<Listener> {
    try {
      return await this.listen({ host: this.address.host, port: this.port });
    } catch (error) {
      if (tries <= 1 || this.port === 0) throw error;
      await sleep(REOPEN_PAUSE_MS);
      return this.listenAgain(tries - 1);
    }
  }
}

const LOOPBACK = /^(127(?:\.\d{1,3}){3}|localhost):(\d{1,5})$/;
/** Loopback, or all addresses of IPv4. */
const ANY = /^(127(?:\.\d{1,3}){3}|localhost|0\.0\.0\.0):(\d{1,5})$/;

/** Reads `host:port` of a port that Triton has, too. */
export const parseAddress = (flag: string, text: string): Address =>
  readAddress(flag, text, ANY, '127.0.0.1:PORT, localhost:PORT or 0.0.0.0:PORT');

/** Reads `host:port`; only loopback is allowed, because any client of this port can break the simulator. */
export const parseAdminAddress = (flag: string, text: string): Address =>
  readAddress(flag, text, LOOPBACK, '127.0.0.1:PORT or localhost:PORT');

function readAddress(flag: string, text: string, form: RegExp, rule: string): Address {
  const match = form.exec(text);
  const port = Number(match?.[2] ?? NaN);
  if (match === null || port > 65_535) {
    throw new Error(`${flag}: expected ${rule}, got ${JSON.stringify(text)}`);
  }
  return { host: match[1]!, port };
}
