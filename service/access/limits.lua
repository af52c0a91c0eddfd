-- Which of these requests pass. KEYS are counters; each is kept as slices of time, oldest first:
-- number, count, number, count, ... ARGV has the limit and the milliseconds of a slice for each
-- counter; then for each request how many counters it goes to, and which.
--
-- A request passes when all of its counters have room, and only then is it counted. What counts
-- are the slice of now and the SLICES before it: together they cover every window that ends now,
-- so that of no window more than the limit passes. A slice of the future is left from a clock
-- that was set back.
--
-- Answers three numbers for each request: the counter that refused it (the one to wait for longest),
-- or the first; what is left in that, -1 if it refused; milliseconds until its oldest slice ends.
local SLICES = 12
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local limits, lengths, numbers, slices, used = {}, {}, {}, {}, {}

for n, key in ipairs(KEYS) do
    local length = tonumber(ARGV[2 * n])
    local number = math.floor(now / length)
    local found, count = {}, 0
    local saved = redis.call('GET', key)
    if saved then
        local all = cmsgpack.unpack(saved)
        for i = 1, #all, 2 do
            if all[i] >= number - SLICES and all[i] <= number then
                found[#found + 1], found[#found + 2] = all[i], all[i + 1]
                count = count + all[i + 1]
            end
        end
    end
    limits[n], lengths[n], numbers[n] = tonumber(ARGV[2 * n - 1]), length, number
    slices[n], used[n] = found, count
end

local function left(n)
    return ((slices[n][1] or numbers[n]) + SLICES + 1) * lengths[n] - now
end

local function count_one(n)
    local found, last = slices[n], #slices[n]
    if found[last - 1] == numbers[n] then
        found[last] = found[last] + 1
    else
        found[last + 1], found[last + 2] = numbers[n], 1
    end
    used[n] = used[n] + 1
end

local answers, at, changed = {}, 2 * #KEYS + 1, {}
while ARGV[at] do
    local first, last, refused = at + 1, at + ARGV[at], nil
    for i = first, last do
        local n = tonumber(ARGV[i])
        if used[n] >= limits[n] and (not refused or left(n) > left(refused)) then
            refused = n
        end
    end
    local told = refused or tonumber(ARGV[first])
    if not refused then
        for i = first, last do
            local n = tonumber(ARGV[i])
            count_one(n)
            changed[n] = true
        end
    end
    answers[#answers + 1] = told
    answers[#answers + 1] = refused and -1 or limits[told] - used[told]
    answers[#answers + 1] = left(told)
    at = last + 1
end

for n in pairs(changed) do
    local life = math.ceil((SLICES + 1) * lengths[n])
    redis.call('SET', KEYS[n], cmsgpack.pack(slices[n]), 'PX', life)
end
return answers
