import type { Logger } from 'pino';

/** The exit status of a process that has found a bug of its own: EX_SOFTWARE of sysexits.h. */
export const SOFTWARE_ERROR = 70;

/** Milliseconds in which answers, the recording and the store have to end; then the process ends all the same. */
const END_WITHIN_MS = 10_000;

/** What has to be closed before the process may end. */
interface Closable {
  close(): Promise<void>;
}

/**
 * Ends the process once anything throws that nothing catches, a turn above all: what is decided afterwards could not be
 * trusted. Requests that wait are refused, the recording and the store are closed, and the exit status is 70. The function
 * that is returned has to be told of what is to be closed then, and gives it back.
 */
export function endWhenBroken(
  log: Pick<Logger, 'fatal'>,
): <Opened extends Closable>(opening: Promise<Opened>) => Promise<Opened> {
  let isEnding = false;
  let toClose: Promise<Closable> | undefined;
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, `ending with status ${SOFTWARE_ERROR}: something threw that must not`);
    if (isEnding) return;
    isEnding = true;
    process.exitCode = SOFTWARE_ERROR;
    setTimeout(() => process.exit(SOFTWARE_ERROR), END_WITHIN_MS);
    Promise.resolve(toClose)
      .then((running) => running?.close())
      .catch((second: unknown) => log.fatal({ err: second }, 'the end failed, too'))
      .finally(() => process.exit(SOFTWARE_ERROR));
  });
  return (opening) => {
    toClose = opening;
    return opening;
  };
}
