/** An address cannot be served on: most often another process does already. */
export class CannotListen extends Error {
  override readonly name = 'CannotListen';
  constructor(what: string, address: string, cause: unknown) {
    const { message } = cause as Error;
    const why = message.includes('EADDRINUSE') ? 'a process listens there already' : message;
    super(`${what} cannot be served on ${address}: ${why}`, { cause });
  }
}
