"""The whole API on one screen: every route. Tornado tries them in this order: busy ones first."""

from service.handlers import appointment, auth, docs, front, openapi, ops, provider, slot

ROUTES = [
    *appointment.ROUTES,
    *slot.ROUTES,
    *auth.ROUTES,
    *provider.ROUTES,
    *ops.ROUTES,
    *openapi.ROUTES,
    *docs.ROUTES,
    *front.ROUTES,
]

openapi.publish(ROUTES)
front.publish(ROUTES)
