import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';

/** Has Nest hand over the log. */
export const LOG = Symbol('Logger');

/** Nest's own lines in our log. What it tells of its start is for debugging. */
export function nestLog(log: Logger): LoggerService {
  const at =
    (level: 'debug' | 'warn' | 'error') =>
    (message: unknown, ...rest: unknown[]): void =>
      log[level](
        { context: rest.at(-1) },
        message instanceof Error ? (message.stack ?? message.message) : String(message),
      );
  return { log: at('debug'), debug: at('debug'), verbose: at('debug'), warn: at('warn'), error: at('error') };
}
