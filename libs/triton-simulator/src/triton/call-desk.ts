import { fail, says } from './answers.js';
import type { Answer, Reply, RpcError } from './answers.js';
import type { Nothing } from './orders.js';
import type { ProcessState } from './process-state.js';
import type { ServerLife, Surroundings } from './server-life.js';

/** The metadata of a call: what a restricted protocol asks for. */
export type Headers = Readonly<Record<string, string>>;

/** Where calls come in: it knows whether a process is there, which callers may call, and which replies get lost. */
export class CallDesk {
  constructor(
    private readonly life: ServerLife,
    private readonly around: Surroundings,
  ) {}

  /** A load or an unload. */
  order(
    kind: 'load' | 'unload',
    reply: Reply<Nothing>,
    headers: Headers,
    work: (process: ProcessState, done: Reply<Nothing>) => void,
  ): void {
    this.restricted(reply, headers, () =>
      this.call(reply, (process, done) => {
        const lost = this.around.faults.takeLostReply(kind);
        work(process, (answer) => {
          if (lost === undefined) done(answer);
          else if (lost === 'connectionError') done(fail(says.socketClosed()));
        });
      }),
    );
  }

  /** A call that the common handler serves, after all that came before it. */
  observe<T>(reply: Reply<T>, look: (process: ProcessState) => Answer<T>, extraMs = 0): void {
    this.call(reply, (process, done) => {
      const costMs = this.around.options.callMs + this.around.faults.commonHandlerDelayMs + extraMs;
      process.handler.run(costMs, () => done(look(process)));
    });
  }

  /** Goes on only for a caller with the header that a restricted protocol asks for. */
  restricted<T>(reply: Reply<T>, headers: Headers, goOn: () => void): void {
    const refusal = this.refuse(headers);
    if (refusal === undefined || this.life.process === undefined) return goOn();
    this.call(reply, (process, done) => {
      process.timers.after(this.around.options.callMs, () => done(fail(refusal)));
    });
  }

  /** Any call: it breaks when the process ends before it is answered. */
  call<T>(reply: Reply<T>, work: (process: ProcessState, done: Reply<T>) => void): void {
    const { process, phase, openCalls } = this.life;
    if (process === undefined || phase === 'starting') {
      this.around.timers.after(this.around.options.callMs, () => reply(fail(says.refused())));
      return;
    }
    const breakOff = (): void => reply(fail(says.socketClosed()));
    openCalls.add(breakOff);
    work(process, (answer) => {
      if (openCalls.delete(breakOff)) reply(answer);
    });
  }

  private refuse(headers: Headers): RpcError | undefined {
    const restriction = this.around.faults.restriction ?? this.around.options.restriction;
    if (restriction === undefined) return undefined;
    const { key, value } = restriction;
    return headers[`triton-grpc-protocol-${key}`] === value ? undefined : says.restricted(key);
  }
}
