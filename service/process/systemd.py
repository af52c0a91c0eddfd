"""What the service manager is told, over the datagram socket that it names (sd_notify(3))."""

import logging
import socket

from service.settings import Settings

log = logging.getLogger(__name__)

CLOSING = 5.0  # seconds from the last answer to the end of the process, at most


class Manager:
    """The one who started us, or nobody. Telling never fails and never waits."""

    def __init__(self, settings: Settings) -> None:
        address = settings.notify_socket
        # Linux's abstract sockets begin with a zero byte, which is written as @.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog = settings.watchdog_usec / 1_000_000  # seconds; 0: nobody watches

    def stopping(self, seconds: float) -> None:
        """Say that the end is near, and how long it may take: TimeoutStopSec may be shorter."""
        longest = int((seconds + CLOSING) * 1_000_000)
        status = "STATUS=finishing what is in flight"
        self.notify("STOPPING=1", f"EXTEND_TIMEOUT_USEC={longest}", status)

    def notify(self, *lines: str) -> None:
        """Send one message, such as READY=1."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as link:
                link.setblocking(False)
                link.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            log.warning("the service manager could not be told %s: %s", lines[0], error)
