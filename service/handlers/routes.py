"""Every call on one screen: method, path, class, who may. The application is built from it."""

from service.handlers import docs, front, ops
from service.handlers.appointment import (
    appointments,
    end,
    history,
    holds,
    keep,
    moves,
    reschedule,
    series,
    waitlist,
)
from service.handlers.calendar import (
    closures,
    provider,
    schedule,
    services,
    slot,
    slots,
    times,
)
from service.handlers.delivery import (
    calendars,
    deliveries,
    events,
    invite,
    links,
    stream,
    webhooks,
)
from service.handlers.people import customers, login, password, register, tokens
from service.http.routing.declaration import ADMIN, EVERYONE, SIGNED_IN, STAFF
from service.http.routing.table import Call, routes

CALLS: list[Call] = [
    ("GET",    "/api/appointments/",                     appointments.Appointments,  SIGNED_IN),
    ("POST",   "/api/appointments/",                     appointments.Appointments,  SIGNED_IN),
    ("GET",    "/api/appointments/{id}/",                appointments.Appointment,   SIGNED_IN),
    ("PATCH",  "/api/appointments/{id}/reschedule/",     reschedule.Reschedule,      SIGNED_IN),
    ("POST",   "/api/appointments/{id}/cancel/",         end.Cancel,                 SIGNED_IN),
    ("POST",   "/api/appointments/{id}/noshow/",         end.Noshow,                 STAFF),
    ("POST",   "/api/appointments/{id}/fulfill/",        end.Fulfill,                STAFF),
    ("POST",   "/api/appointments/{id}/keep/",           keep.Keep,                  STAFF),
    ("POST",   "/api/appointments/{id}/approve/",        end.Approve,                STAFF),
    ("POST",   "/api/appointments/{id}/decline/",        end.Decline,                STAFF),
    ("GET",    "/api/appointments/{id}/history/",        history.History,            SIGNED_IN),
    ("GET",    "/api/appointments/{id}/invite.ics",      invite.Invite,              SIGNED_IN),

    ("POST",   "/api/moves/",                            moves.Moves,                SIGNED_IN),
    ("POST",   "/api/series/",                           series.ManySeries,          SIGNED_IN),
    ("GET",    "/api/series/{id}/",                      series.OneSeries,           SIGNED_IN),
    ("POST",   "/api/series/{id}/cancel/",               series.CancelSeries,        SIGNED_IN),

    ("POST",   "/api/holds/",                            holds.Holds,                SIGNED_IN),
    ("GET",    "/api/holds/{id}/",                       holds.Hold,                 SIGNED_IN),
    ("DELETE", "/api/holds/{id}/",                       holds.Hold,                 SIGNED_IN),
    ("POST",   "/api/holds/{id}/confirm/",               holds.Confirm,              SIGNED_IN),

    ("GET",    "/api/waitlist/",                         waitlist.Waitlist,          SIGNED_IN),
    ("POST",   "/api/waitlist/",                         waitlist.Waitlist,          SIGNED_IN),
    ("DELETE", "/api/waitlist/{id}/",                    waitlist.Waiter,            SIGNED_IN),

    ("GET",    "/api/slots/",                            slots.Slots,                EVERYONE),
    ("POST",   "/api/slots/",                            slots.Slots,                STAFF),
    ("GET",    "/api/slots/{id}/",                       slot.Slot,                  EVERYONE),
    ("PATCH",  "/api/slots/{id}/",                       slot.Slot,                  STAFF),
    ("DELETE", "/api/slots/{id}/",                       slot.Slot,                  STAFF),

    ("GET",    "/api/services/",                         services.Services,          EVERYONE),
    ("POST",   "/api/services/",                         services.Services,          ADMIN),
    ("GET",    "/api/services/{id}/",                    services.Service,           EVERYONE),
    ("PATCH",  "/api/services/{id}/",                    services.Service,           ADMIN),
    ("DELETE", "/api/services/{id}/",                    services.Service,           ADMIN),
    ("GET",    "/api/services/{id}/times/",              times.Times,                EVERYONE),
    ("GET",    "/api/services/{id}/times/next/",         times.Next,                 EVERYONE),
    ("GET",    "/api/services/{id}/explain/",            times.Explain,              SIGNED_IN),

    ("POST",   "/api/register/",                         register.Register,          EVERYONE),
    ("POST",   "/api/login/",                            login.Login,                EVERYONE),
    ("POST",   "/api/logout/",                           login.Logout,               SIGNED_IN),
    ("GET",    "/api/me/",                               login.Me,                   SIGNED_IN),
    ("GET",    "/api/tokens/",                           tokens.Tokens,              SIGNED_IN),
    ("DELETE", "/api/tokens/",                           tokens.Tokens,              SIGNED_IN),
    ("DELETE", "/api/tokens/{id}/",                      tokens.Token,               SIGNED_IN),
    ("POST",   "/api/password/",                         password.Password,          SIGNED_IN),

    ("GET",    "/api/customers/",                        customers.Customers,        STAFF),
    ("POST",   "/api/customers/",                        customers.Customers,        STAFF),
    ("GET",    "/api/customers/{id}/",                   customers.Customer,         STAFF),
    ("PATCH",  "/api/customers/{id}/",                   customers.Customer,         STAFF),
    ("POST",   "/api/customers/{id}/merge/",             customers.Merge,            ADMIN),

    ("GET",    "/api/providers/",                        provider.Providers,         EVERYONE),
    ("POST",   "/api/providers/",                        provider.Providers,         ADMIN),
    ("GET",    "/api/providers/{id}/",                   provider.Provider,          EVERYONE),
    ("PATCH",  "/api/providers/{id}/",                   provider.Provider,          STAFF),
    ("GET",    "/api/providers/{id}/schedule/",          schedule.HoursOfProvider,   EVERYONE),
    ("PUT",    "/api/providers/{id}/schedule/",          schedule.HoursOfProvider,   STAFF),

    ("GET",    "/api/closures/",                         closures.Closures,          STAFF),
    ("POST",   "/api/closures/",                         closures.Closures,          STAFF),
    ("GET",    "/api/closures/{id}/",                    closures.Closure,           STAFF),
    ("DELETE", "/api/closures/{id}/",                    closures.Closure,           STAFF),

    ("GET",    "/api/events/",                           events.Events,              SIGNED_IN),
    ("GET",    "/api/events/stream/",                    stream.Stream,              EVERYONE),

    ("GET",    "/api/webhooks/",                         webhooks.Webhooks,          STAFF),
    ("POST",   "/api/webhooks/",                         webhooks.Webhooks,          STAFF),
    ("GET",    "/api/webhooks/{id}/",                    webhooks.Webhook,           STAFF),
    ("PATCH",  "/api/webhooks/{id}/",                    webhooks.Webhook,           STAFF),
    ("DELETE", "/api/webhooks/{id}/",                    webhooks.Webhook,           STAFF),
    ("GET",    "/api/webhooks/{id}/secret/",             webhooks.Secret,            STAFF),
    ("POST",   "/api/webhooks/{id}/rotate/",             webhooks.Rotate,            STAFF),
    ("POST",   "/api/webhooks/{id}/test/",               webhooks.Test,              STAFF),
    ("POST",   "/api/webhooks/{id}/enable/",             webhooks.Enable,            STAFF),
    ("POST",   "/api/webhooks/{id}/replay/",             webhooks.Replay,            STAFF),
    ("GET",    "/api/webhooks/{id}/deliveries/",         deliveries.Deliveries,      STAFF),
    ("GET",    "/api/webhooks/{id}/deliveries/{id}/",    deliveries.Delivery,        STAFF),
    ("POST",   "/api/webhooks/{id}/deliveries/{id}/replay/", deliveries.ReplayDelivery, STAFF),

    ("GET",    "/api/providers/{id}/calendars/",         calendars.Calendars,        STAFF),
    ("POST",   "/api/providers/{id}/calendars/",         calendars.Calendars,        STAFF),
    ("DELETE", "/api/providers/{id}/calendars/{id}/",    calendars.Calendar,         STAFF),
    ("POST",   "/api/providers/{id}/calendars/{id}/refresh/", calendars.Refresh,     STAFF),
    ("GET",    "/api/calendar-links/",                   links.Links,                SIGNED_IN),
    ("POST",   "/api/calendar-links/",                   links.Links,                SIGNED_IN),
    ("DELETE", "/api/calendar-links/{id}/",              links.Link,                 SIGNED_IN),
    ("GET",    "/calendar/{token}.ics",                  links.Feed,                 EVERYONE),

    ("GET",    "/healthz/",                              ops.Health,                 EVERYONE),
    ("GET",    "/readyz/",                               ops.Ready,                  EVERYONE),
    ("GET",    "/metrics/",                              ops.Metrics,                EVERYONE),

    ("GET",    "/api/openapi.json",                      docs.OpenApi,               EVERYONE),
    ("GET",    "/docs/",                                 docs.Docs,                  EVERYONE),
    ("GET",    "/docs/(start.js|swagger-ui-bundle.js)",  docs.Script,                EVERYONE),
    ("GET",    "/docs/(start.css|swagger-ui.css)",       docs.Style,                 EVERYONE),
    ("GET",    "/",                                      front.Root,                 EVERYONE),
    ("GET",    "/api/",                                  front.Index,                EVERYONE),
    ("GET",    "/robots.txt",                            front.Robots,               EVERYONE),
    ("GET",    "/favicon.ico",                           front.Icon,                 EVERYONE),
]  # fmt: skip

ROUTES = routes(CALLS)

docs.publish(ROUTES)
front.publish(ROUTES)
