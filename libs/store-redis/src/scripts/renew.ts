import { LAYOUT } from '../keys.js';

/**
 * Stores the lease of a term, also where there is none, unless the term is over.
 *
 * KEYS  meta, lease
 * ARGV  not after (ms of this clock), term, beginning of each lease of this term, lease, fleet
 * Returns its clock in ms and `late`, `lost` or `renewed`.
 */
export const RENEW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[1]) then return {now, 'late'} end
local term = tonumber(redis.call('HGET', KEYS[1], 'term') or '0')
local released = tonumber(redis.call('HGET', KEYS[1], 'released') or '0')
local lease = redis.call('GET', KEYS[2])
local isOthers = lease and string.sub(lease, 1, #ARGV[3]) ~= ARGV[3]
if isOthers or term > tonumber(ARGV[2]) or released >= tonumber(ARGV[2]) then return {now, 'lost'} end
redis.call('SET', KEYS[2], ARGV[4])
redis.call('HSET', KEYS[1], 'term', ARGV[2], 'fleet', ARGV[5], 'layout', '${LAYOUT}')
return {now, 'renewed'}
`;
