import type { Metadata } from '@grpc/grpc-js';
import { Inject, Injectable } from '@nestjs/common';
import { type Reason, REFUSALS } from '#contracts';
import { factsOfError } from '../../transport/errors/facts-of-error.js';
import { PROBLEM_TYPE } from '../../transport/errors/problem.js';
import { Problems } from '../../transport/errors/problems.js';
import { RpcErrors } from '../../transport/errors/rpc-errors.js';
import type { Asked } from './asked.js';
import { headersOf, type ProcessingResponse } from './processing.js';

/** On an answer with it Envoy's second hop asks another Berth. */
export const AGAIN = 'x-berth-again';
/** Another process may answer otherwise. */
const AGAIN_FOR: ReadonlySet<string> = new Set(['shutting_down', 'no_leader']);

type AskedIn = Pick<Asked, 'path' | 'protocol' | 'requestId'>;

/** Words refusals for the clients of Envoy. */
@Injectable()
export class PickRefusals {
  constructor(
    @Inject(RpcErrors) private readonly errors: RpcErrors,
    @Inject(Problems) private readonly problems: Problems,
  ) {}

  /** A refusal as a client gets it, in its own protocol. `isAgain`: another try helps, whatever the reason. */
  of(error: unknown, asked: AskedIn, isAgain = false): ProcessingResponse {
    const { reason } = factsOfError(error).facts;
    const again = isAgain || AGAIN_FOR.has(reason) ? { [AGAIN]: '1' } : {};
    const told =
      asked.protocol === 'grpc'
        ? this.overGrpc(error, reason, asked, again)
        : this.overHttp(error, asked, again);
    return { immediateResponse: { details: `berth_${reason}`, ...told } };
  }

  private overGrpc(error: unknown, reason: Reason, { requestId }: AskedIn, again: object): object {
    const { code, details = '', metadata } = this.errors.of(error, requestId);
    return {
      status: { code: REFUSALS[reason].http },
      grpcStatus: { status: code },
      headers: headersOf({ ...textsOf(metadata!), ...again }),
      body: Buffer.from(details),
    };
  }

  /** Triton's clients show `error`. */
  private overHttp(error: unknown, { path, requestId }: AskedIn, again: object): object {
    const { status, headers, body } = this.problems.of(error, path, requestId);
    return {
      status: { code: status },
      headers: headersOf({ ...headers, 'content-type': PROBLEM_TYPE, ...again }),
      body: Buffer.from(JSON.stringify({ ...body, error: body['detail'] })),
    };
  }
}

/** Trailers as HTTP/2 has them: bytes as base64. */
function textsOf(metadata: Metadata): Record<string, string> {
  return Object.fromEntries(
    Object.keys(metadata.getMap()).map((key) => {
      const [value] = metadata.get(key);
      return [key, Buffer.isBuffer(value) ? value.toString('base64') : String(value)];
    }),
  );
}
