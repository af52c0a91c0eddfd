"""The whole API on one screen: every route, in the order of the modules that answer it."""

from service.handlers import appointment, auth, docs, openapi, ops, provider, slot

ROUTES = [
    *auth.ROUTES,
    *provider.ROUTES,
    *slot.ROUTES,
    *appointment.ROUTES,
    *ops.ROUTES,
    *openapi.ROUTES,
    *docs.ROUTES,
]

openapi.publish(ROUTES)
