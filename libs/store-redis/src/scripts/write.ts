/**
 * Writes rows, where no later term is stored and the last write is the expected one.
 *
 * KEYS  meta, kinds
 * ARGV  not after (ms of this clock), term, id of the expected last write, count of writes afterwards, id of this write,
 *       prefix of the hashes of rows, how many kinds are emptied before, these kinds, then for each row its kind, key, `1` or
 *       `0` (removed), and text
 * Returns its clock in ms, and `late`; `written`; `term` and the stored term; or `other`, the count of writes and the id of the
 *       last one.
 */
export const WRITE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[1]) then return {now, 'late'} end
local term = redis.call('HGET', KEYS[1], 'term') or '0'
if tonumber(term) > tonumber(ARGV[2]) then return {now, 'term', term} end
local last = redis.call('HGET', KEYS[1], 'last') or ''
if last ~= ARGV[3] then return {now, 'other', redis.call('HGET', KEYS[1], 'writes') or '0', last} end
local at = 8
for _ = 1, tonumber(ARGV[7]) do
  redis.call('DEL', ARGV[6] .. ARGV[at])
  redis.call('HDEL', KEYS[2], ARGV[at])
  at = at + 1
end
local known = {}
while at < #ARGV do
  local kind = ARGV[at]
  if ARGV[at + 2] == '1' then
    redis.call('HSET', ARGV[6] .. kind, ARGV[at + 1], ARGV[at + 3])
    if not known[kind] then
      redis.call('HSET', KEYS[2], kind, '')
      known[kind] = true
    end
  else
    redis.call('HDEL', ARGV[6] .. kind, ARGV[at + 1])
  end
  at = at + 4
end
redis.call('HSET', KEYS[1], 'term', ARGV[2], 'writes', ARGV[4], 'last', ARGV[5])
return {now, 'written'}
`;
