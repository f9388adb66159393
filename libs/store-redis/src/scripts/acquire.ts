import { LAYOUT } from '../keys.js';

/**
 * Takes the lease, where the state is the one that was read.
 *
 * KEYS  meta, lease
 * ARGV  not after (ms of this clock), seen lease, seen term, seen released term, floor, peer, addresses, fleet
 * Returns its clock in ms and `late`, `taken`, or the new lease.
 */
export const ACQUIRE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[1]) then return {now, 'late'} end
local term = redis.call('HGET', KEYS[1], 'term') or '0'
local released = redis.call('HGET', KEYS[1], 'released') or '0'
local lease = redis.call('GET', KEYS[2]) or ''
if lease ~= ARGV[2] or term ~= ARGV[3] or released ~= ARGV[4] then return {now, 'taken'} end
local fleet = redis.call('HGET', KEYS[1], 'fleet')
if fleet and fleet ~= ARGV[8] then return {now, 'taken'} end
local new = math.max(tonumber(term) + 1, tonumber(ARGV[5]) + 1, time[1] * 1000000 + time[2])
local text = string.format('%s|%.0f|0|%s', ARGV[6], new, ARGV[7])
redis.call('SET', KEYS[2], text)
redis.call('HSET', KEYS[1], 'term', string.format('%.0f', new), 'fleet', ARGV[8], 'layout', '${LAYOUT}')
return {now, text}
`;
