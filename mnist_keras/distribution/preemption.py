"""Handles SIGINT and SIGTERM as a request to stop, which training reads between its steps."""

import signal
import threading


class StopRequest:
    """Context manager in which the first SIGINT or SIGTERM sets `received`, and a second one stops at once.

    Raises:
        KeyboardInterrupt: at the second signal.
    """

    received = False

    def __enter__(self) -> "StopRequest":
        # Python allows signal handlers in the main thread only.
        signals = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
        self._handlers = {number: signal.signal(number, self._receive) for number in signals}
        return self

    def __exit__(self, *_) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def _receive(self, number, frame) -> None:
        if self.received:
            raise KeyboardInterrupt
        self.received = True
