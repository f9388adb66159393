import { Catch, Inject, type RpcExceptionFilter } from '@nestjs/common';
import { type Observable, throwError } from 'rxjs';
import { RpcErrors } from './rpc-errors.js';

/** Where the errors of Nest's gRPC handlers end. */
@Catch()
export class RpcFilter implements RpcExceptionFilter {
  constructor(@Inject(RpcErrors) private readonly errors: RpcErrors) {}

  catch(error: unknown): Observable<never> {
    return throwError(() => this.errors.of(error));
  }
}
