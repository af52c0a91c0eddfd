"""The whole API on one screen: every route. Tornado tries them in this order: busy ones first."""

from service.handlers import docs, front, ops
from service.handlers.appointment import appointments
from service.handlers.calendar import provider, slot
from service.handlers.people import account

ROUTES = [
    *appointments.ROUTES,
    *slot.ROUTES,
    *account.ROUTES,
    *provider.ROUTES,
    *ops.ROUTES,
    *docs.ROUTES,
    *front.ROUTES,
]

docs.publish(ROUTES)
front.publish(ROUTES)
