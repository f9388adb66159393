import type { Booking, Instant, WhyHere } from '#core';
import { lasting } from './times.js';
import { accountWords, holdWords, memory, onDevices } from './why-memory.js';

/** A copy that is there, coming or going, and how long it will be as it is. */
export function hereWords(here: WhyHere, now: Instant): string[] {
  const { server, devices, phase, since, bookings, flags, holds, failures } = here;
  const booked = bookings.filter(({ bytes }) => bytes > 0).map(bookingWords);
  const flagged = flags.length > 0 ? `, ${flags.join(' and ')}` : '';
  const where = `On ${server}${onDevices(devices)} it has been ${phase} for ${lasting(now - since)}${flagged}`;
  const reasons = phase === 'ready' ? holds.map((hold) => holdWords(hold, now)) : [];
  return [
    `${where}; it books ${booked.join(' and ') || 'nothing'}.`,
    ...(failures ? [`  ${failureWords(failures)}.`] : []),
    ...reasons.map((reason) => `  It does not leave for another: ${reason}.`),
    ...leavingWords(here),
    ...endWords(here, now),
  ];
}

/** How many of the executions of a copy have failed. */
export const failureWords = ({ failed, of, mayBeGivenUp }: NonNullable<WhyHere['failures']>): string =>
  `${failed} of ${of} executions within 30 s failed${mayBeGivenUp ? ', or their callers gave up in its queue' : ''}`;

const bookingWords = ({ account, bytes }: Booking): string => `${memory(bytes)} of ${accountWords(account)}`;

function leavingWords({ leaving }: WhyHere): string[] {
  if (leaving?.cause == null) return [];
  const newcomer = leaving.makesRoomFor === null ? '' : `, to make room for ${leaving.makesRoomFor}`;
  return [`  It leaves: ${leaving.cause}${newcomer}.`];
}

/** What ends the phase, where time alone does. */
function endWords({ phase, until }: WhyHere, now: Instant): string[] {
  if (until === null || !Number.isFinite(until))
    return phase === 'ready' ? ['  It is never retired for being idle.'] : [];
  const left = until > now ? `in ${lasting(until - now)}` : 'now';
  switch (phase) {
    case 'ready':
      return [`  It is retired ${left} if it is not used.`];
    case 'draining':
      return [`  Its queue is waited for no longer ${left}.`];
    case 'loading':
      return [`  The load counts as overdue ${left}.`];
    default:
      return [`  It counts as stuck ${left}.`];
  }
}
