import type { Event, LoadCause, PromiseCause, RefusalReason, UnloadCause } from '#core';
import type { HappeningKind } from './happenings.js';

/**
 * Rare situations, and what each of them tries: a long run that never meets one of them proves nothing about it, and
 * fails. They are recognised in `rare/`, by what a turn found and left, or where the world knows it.
 */
const RARE = {
  "server restarted while a load's reply was lost":
    'The booking of the load ends with the old process, and nothing of that load may count for the new one.',
  'new incarnation while unloading': 'No answer will ever say that the unload is done: the new process does.',
  'load without an answer had succeeded': 'A timeout is no failure: what came up is taken, not loaded again.',
  'load without an answer left nothing': 'Its memory is held until two looks have shown the model absent.',
  'unload without an answer left the copy': 'The copy is taken back once the order has had its time.',
  'load failed and was tried elsewhere at once':
    'The back-off of one server does not keep others from trying.',
  'tried once more after too many failures':
    'By one load at a time over all servers: the first that succeeds lets the others follow.',
  'load ended without an answer while requests waited':
    'Waiting requests are neither answered twice nor forgotten.',
  'copy left to come back with one more':
    'It serves until what it needs beside its own memory is free, and it leaves once.',
  'load overdue at two servers': 'No third server is tried, and waiting requests are told.',
  'server with all slots overdue':
    'It takes no placements any more, and what was placed there goes elsewhere.',
  'unload stuck': 'Its bytes stay booked, other work goes on.',
  'orders outlive a life of Berth': 'What was accepted and is not done, the next life does.',
  'higher class loaded before what was placed sooner':
    'A free slot is for the highest class that could use it.',
  'index failed for once': 'Directories are being deleted: the index is asked for once more.',
  'statistics failed for once': 'A model was leaving: they are asked for once more, and the index is kept.',
  'unload beside a step read anew': 'The server dies of two such unloads at once, so there is one at a time.',
  'late order': 'An order of a dead Berth reaches a server at which its successor already works.',

  'placed replica whose victim was pinned meanwhile': 'The victim stays, and the newcomer is placed anew.',
  'pin lifted while placed': 'What is not wanted any more gives its promised memory back.',
  'placed replica lost its server': 'The promise ends with the server, and its requests are placed anew.',
  'starvation drained a copy in use': 'No new routes, but the leases that were given hold to their end.',
  'two copies left for one newcomer': 'They are chosen as a whole, or nothing is evicted.',
  'evicted for a higher class': 'Of the copies that may leave the lower classes leave first.',
  'evicted for a lower class':
    'What is not in use leaves for a request of a lower class, too, where nothing of that class may leave.',
  'evicted again within a minute':
    'A device changes what it holds only so often, but for pins and starving requests.',
  'soft idle copy evicted': 'It may stay for as long as its memory is not wanted.',
  'place given up when nobody waited any more': 'What was to make room for it serves again.',
  'drain of a copy cancelled': 'It is routed to again, and what was to have its memory is placed anew.',
  'evicted model asked for in the same turn':
    'The request waits for a place, or takes the victim back; once.',
  'leaving model asked for': 'It is loaded again only when the old copy has gone.',

  'request cancelled in the turn its model became ready':
    'No request is left to be answered, and nothing breaks.',
  'request answered at its very deadline':
    'Refused, but once, and in that turn: a route would come too late.',
  'queue of all full while that of the model had room': 'The bound over all models holds, too.',
  'storm of retries': 'No load is begun for it sooner, and no queue grows beyond its bound.',
  'queue full displaced nobody': 'Among equal requests the first ones keep their place.',
  'displaced for a higher class': 'A waiting request gives way to a higher class, and is told at once.',
  'shed under pressure': 'A request for a cold model goes by class, whatever room there is.',
  'displaced by pressure': 'A bound that shrinks is kept at once: the lowest class and the newest leave.',
  'displaced for another tenant': 'A tenant gives back what it has beyond its share when others come.',

  'model withdrawn while it loads': 'The load cannot be taken back: what it brings is let go afterwards.',
  'model disabled under a lease': 'No new routes, and no unload before the lease has ended.',
  'load finished at a server that was drained meanwhile': 'The copy may serve, but it has to leave again.',
  'drain deadline passed under a lease':
    'The routes end at the deadline, the unload waits for the lease, 10 s at most.',
  'lease cut by a drain': 'Ten seconds after its deadline the server lets go, whatever was promised.',
  'unload forced under a lease': 'Such an unload waits for no lease.',
  'unload ordered for what was loading': 'It concerns the copies that are there, not those to come.',
  'limits lowered below what is held': 'Nothing is torn down, and nothing new is begun.',
  'server of a pinned copy lost': 'The pin wants a copy elsewhere, where one fits.',

  'changed server was draining': 'Only the connection to it is made anew, and it goes on to drain.',
  'changed server had a load under way': 'It is not known how it ended, and no other one is begun beside it.',
  'changed server is another process':
    'What the old one held is booked no more, and nothing is sent that was decided for it.',
  'refused at an address that was never reached':
    'It says nothing of the process that was known, which is the same when it is reached again.',

  'hidden copy booked': 'A copy lives on behind a newer row, and no call of Triton shows it.',
  'stranger found with a model we had just unloaded': 'It is of another client, not what is left of ours.',
  'stranger found where there was no room': 'More is held than there is: the device takes nothing new.',
  'two servers lost within 2 s': 'All that was on both has to find a place on what is left.',
  'slow server lost': 'Three new connections in a row were not accepted.',
  'all servers lost while requests waited':
    'The requests are told that there is no server, or wait for one to return.',
  'failing copy still routed': 'While it is the only one, it is better than none.',
  'copy let go for taking more than its limit':
    'It leaves as ever, and is booked with more when it comes again.',
  'quarantined model asked for': 'It is refused, until an operator declares it otherwise or orders it.',
  'failing copy replaced': 'It goes on serving until another one does, and counts for nothing.',
  'ensemble step shared by two ensembles':
    'It is one replica, booked once, and stays as long as one needs it.',

  'load beside residue': 'What an unload did not give back is taken off what the device has left.',
  'load of a model that was declared too small':
    'It is booked with what it was seen to take, not with its limit.',
  'load once late memory had come back': 'A copy that was seen gone is booked until its memory is back.',

  'long lease outlived Berth':
    'What an earlier life promised keeps the copy, longer than a new life would by itself.',
  'restart of Berth with a placed replica': 'The promise is forgotten, and made anew from what is asked for.',
  'unload acknowledged, Berth crashed before the look':
    'Its successor finds memory held by no model it knows.',
  'crash between write and order': 'What was written down as ordered was never sent.',
  'process paused longer than a lease': 'It wakes up to leases that have ended and answers that have come.',
  'wall clock jumped back while idle ran': 'The idle rule reads a clock that cannot be set.',
  'Berth crashed while it loaded': 'The load goes on, and its successor finds it under way.',
  'Berth crashed while requests waited': 'They end with the process, and are not answered later.',
} as const satisfies Readonly<Record<string, string>>;

export type RareMark = keyof typeof RARE;

export const RARE_MARKS = Object.keys(RARE) as readonly RareMark[];

/** Situations that come up all the time. */
type CommonMark =
  | 'promise kept'
  | `promise broken: ${PromiseCause | 'unlisted'}`
  | HappeningKind
  | `${HappeningKind} not now`
  | `operator ${Event['kind']}`
  | `refused ${RefusalReason}`
  | `load ${LoadCause}`
  | `unload ${UnloadCause}`
  | `stranger ${'load' | 'unload'}`
  | 'warm route'
  | 'cold route'
  | 'inference'
  | 'eviction'
  | 'eviction of what is in use'
  | 'late server'
  | 'avoids servers'
  | 'hints are spread'
  | 'asked again too soon'
  | 'asked again when told to'
  | 'declared too small';

/** What a run of the simulation counts: one closed list, so that a mark that is never set is found by its name. */
export type Mark = RareMark | CommonMark;
