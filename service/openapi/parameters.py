"""Query parameters in words, and which writes take no key."""

# No parameter but an id has an example: a page that lets one try would send all of them.
QUERY = {
    "provider": "Only of this provider; given several times, of any of them.",
    "order": "`booked` as they were booked, `starts_at` by the time of their slots, or "
    "`-starts_at` with the last first.",
    "from": "Only slots that begin at this instant or later: `2027-01-04T09:00:00+00:00`, or a "
    "day, which begins when it does on the wall clock of `provider`, or else in UTC.",
    "to": "Only slots that begin before this instant, or before this day.",
    "starts_at": "The time that is asked about.",
    "size": "How many people come.",
    "moving": "One's own appointment that is to be moved: it is not in its own way.",
    "dry_run": "`true` says what would come of it, and leaves nothing: no key is kept either.",
    "status": "Only those in this state; given several times, in any of them.",
    "limit": "How many to answer at most; `Link` says whether there are more, not their number.",
    "q": "Only those of whose names, addresses and phone numbers each of these words begins one: "
    "accents, case and separators do not matter.",
    "cursor": "Where the page begins: opaque, taken from the `Link` of the page before.",
    "outside_hours": "`true`: only coming ones of `provider` that are outside of its hours now, or "
    "that a closure is in the way of. For its staff.",
    "after": "Only events after this one; without it, from the first that is kept.",
    "types": "Only events of this type; given several times, of any of them.",
    "wait": "How many seconds to wait where there is none yet.",
    "expand": "`slot` answers whole slots instead of brief ones or ids; nothing else expands.",
}


# The writes that take no Idempotency-Key: a token is shown once, and going twice is going once.
UNKEYED = ("createCalendarLink", "login", "logout", "logoutEverywhere", "logoutToken")
