"""Logging: one line per event on standard error; never a token, a password or a note."""

import logging

from tornado.web import RequestHandler

log = logging.getLogger("service.request")


def configure() -> None:
    """Send warnings, and requests if they are asked for, to standard error."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # Tornado tells of every malformed request and every refusal: they are answered, not news.
    for name in ("tornado.general", "tornado.access"):
        logging.getLogger(name).setLevel(logging.ERROR)


def log_request(handler: RequestHandler) -> None:
    """One line for an answered request."""
    request = handler.request
    log.info(
        "%s %s %d %.1fms %s",
        request.method,
        request.path,
        handler.get_status(),
        request.request_time() * 1000,
        getattr(handler, "request_id", "-"),
    )
