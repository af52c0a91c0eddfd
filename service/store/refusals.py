"""What an error of PostgreSQL or of the way to it means in our own words."""

from collections.abc import Mapping

import psycopg2
from psycopg2 import errorcodes

from service import errors
from service.store.queries import Query

# A constraint that a request can run into, and what it means. Any other violation is a bug.
REFUSALS: Mapping[str, type[errors.DomainError]] = {
    "account_username_unique": errors.UsernameTaken,
    "account_provider_fkey": errors.NotFound,
    # The token outlived its account, as after going back to an older backup of the database.
    "appointment_account_fkey": errors.InvalidToken,
    "appointment_one_per_place": errors.SlotTaken,
    # Its twin committed between the look at the key and the try for its lock.
    "idempotency_pkey": errors.KeyInFlight,
    "slot_booked_within_capacity": errors.SlotTaken,
    "slot_no_overlap": errors.SlotOverlap,
    "slot_provider_fkey": errors.NotFound,
}
EXPECTED = frozenset(REFUSALS.values())

RETRIED = {errorcodes.DEADLOCK_DETECTED, errorcodes.SERIALIZATION_FAILURE}
# What was prepared does not fit the schema any more, or went with a session that was not ours.
STALE = {
    errorcodes.DUPLICATE_PREPARED_STATEMENT,
    errorcodes.FEATURE_NOT_SUPPORTED,  # "cached plan must not change result type"
    errorcodes.INTERNAL_ERROR,  # "cache lookup failed for function"
    errorcodes.INVALID_SQL_STATEMENT_NAME,
    errorcodes.UNDEFINED_COLUMN,
    errorcodes.UNDEFINED_FUNCTION,
    errorcodes.UNDEFINED_OBJECT,
    errorcodes.UNDEFINED_TABLE,
}
# The schema, or our rights in it, are not what this code needs: no request is to blame.
UNFIT = STALE | {errorcodes.INSUFFICIENT_PRIVILEGE, errorcodes.INVALID_SCHEMA_NAME}
# Reported by the server, so the transaction is rolled back for certain: connection, resource,
# operator, system and lock errors.
NOT_DONE = ("08", "53", "55", "57014", "58", "25006", "40", *UNFIT)


def repeatable(query: Query, error: Exception, attempt: int) -> bool:
    """Whether the same message may be sent once more without being done twice."""
    code = getattr(error, "pgcode", None)
    if code in RETRIED:
        return True
    if code in STALE:  # what it is prepared on the next time is new
        return attempt == 0
    # A lost connection: a read may be sent once more, a write may have been done.
    lost = isinstance(error, psycopg2.OperationalError) and code is None
    return lost and not query.writes and attempt == 0


def not_done(error: Exception) -> bool:
    """Whether the server itself reported that the transaction failed."""
    return (getattr(error, "pgcode", None) or "").startswith(NOT_DONE)


def unfit(error: Exception) -> bool:
    """Whether the schema, or what we may do with it, is not what this code needs."""
    return getattr(error, "pgcode", None) in UNFIT


def is_bug(error: psycopg2.Error) -> bool:
    """Whether it shows a fault of ours, not one of the server, the address or our rights."""
    lost = isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
    return not (lost or not_done(error) or is_address(error))


def is_address(error: psycopg2.Error) -> bool:
    """Whether the library could not even read the address."""
    return isinstance(error, psycopg2.ProgrammingError) and error.pgcode is None


def sentence(error: psycopg2.Error) -> str:
    """What PostgreSQL or its library says of an error, in one line without a password."""
    if is_address(error):  # of which the library quotes parts
        return "DATABASE_URL can't be read: see PostgreSQL's documentation, Connection URIs"
    lines = filter(None, (line.strip() for line in str(error).splitlines()))
    return error.diag.message_primary or "; ".join(lines) or type(error).__name__


def kind(error: Exception) -> str:
    """The error's name in PostgreSQL, or what became of the connection."""
    code = getattr(error, "pgcode", None)
    if code is not None:
        try:
            return errorcodes.lookup(code).lower()
        except KeyError:
            return "other"
    if isinstance(error, TimeoutError):
        return "no_answer"
    lost = isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
    return "connection_lost" if lost else "other"


def translated(error: Exception, *, writes: bool) -> Exception:
    """The domain error to raise; a bug comes back as it is."""
    if isinstance(error, psycopg2.IntegrityError):
        refusal = REFUSALS.get(error.diag.constraint_name or "")
        return refusal() if refusal else error
    if getattr(error, "pgcode", None) == errorcodes.INVALID_PARAMETER_VALUE:
        return errors.UnknownZone()  # nothing else that a client names can be unknown
    if not_done(error):
        refused = errors.Unavailable()
        # Somebody holds one row; those who asked for others need not suffer for it.
        code = getattr(error, "pgcode", None)
        refused.of_one = code == errorcodes.LOCK_NOT_AVAILABLE
        refused.again = code in RETRIED
        return refused
    if isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError | TimeoutError):
        return errors.OutcomeUnknown() if writes else errors.Unavailable()
    return error
