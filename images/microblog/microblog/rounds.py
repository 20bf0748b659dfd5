"""Work that a process does again and again beside its requests: a thread for each kind of it."""

import logging
import threading
import time
from collections.abc import Callable

from flask import Flask
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from .database import reason

TIDY_EVERY_SECONDS = 3600.0


class Rounds(threading.Thread):
    """Works until it is told to stop. A process may end without that: what it had in hand is due again."""

    def __init__(
        self,
        app: Flask,
        name: str,
        every_seconds: float,
        work: Callable[[], object],
        tidy: Callable[[], None],
        log: logging.Logger,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._app = app
        self._every_seconds = every_seconds
        self._work = work
        self._tidy = tidy
        self._log = log
        self._stopped = threading.Event()

    def run(self) -> None:
        next_tidying = time.monotonic()
        while not self._stopped.is_set():
            tidying = time.monotonic() >= next_tidying
            if self._round(tidying) and tidying:
                next_tidying = time.monotonic() + TIDY_EVERY_SECONDS
            self._stopped.wait(self._every_seconds)

    def stop(self) -> None:
        """End after what it is doing now."""
        self._stopped.set()
        self.join()

    def _round(self, tidying: bool) -> bool:
        try:
            with self._app.app_context():
                self._work()
                if tidying:
                    self._tidy()
        except (DBAPIError, PoolTimeout) as error:
            why = reason(error) if isinstance(error, DBAPIError) else "no connection"
            self._log.warning("No %s: %s", self.name, why)
            return False
        except Exception:  # whatever it is, the next round may be another
            self._log.exception("No %s.", self.name)
            return False
        return True
