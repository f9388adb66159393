/**
 * Loaded before a Berth: its wall clock jumps by the milliseconds that SIGUSR2 finds in the file WALL_JUMP. The monotonic clock
 * goes on, as where an operator sets the time of a machine.
 */
import { readFileSync } from 'node:fs';

const RealDate = Date;
let ahead = 0;

process.on('SIGUSR2', () => {
  ahead = Number(readFileSync(process.env.WALL_JUMP, 'utf8'));
});

globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + ahead);
    else super(...args);
  }

  static now() {
    return RealDate.now() + ahead;
  }
};
