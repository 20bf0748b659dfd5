"""Sends what is in the outbox, and clears away what has expired: a thread of every worker, or a command."""

import logging
import threading
import time

from flask import Flask, current_app
from flask_babel import force_locale
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from .. import limits, metrics
from ..auth import sign_ins
from ..database import db, reason
from . import letters, outbox, smtp
from .settings import MailSettings

LOOK_EVERY_SECONDS = 5.0
TIDY_EVERY_SECONDS = 3600.0

log = logging.getLogger("microblog.mail")


class Courier(threading.Thread):
    """Sends letters until it is told to stop. A process may end without that: its letter is due again."""

    def __init__(self, app: Flask) -> None:
        super().__init__(name="courier", daemon=True)
        self._app = app
        self._stopped = threading.Event()

    def run(self) -> None:
        next_tidying = time.monotonic()
        while not self._stopped.is_set():
            tidying = time.monotonic() >= next_tidying
            if _round(self._app, tidying) and tidying:
                next_tidying = time.monotonic() + TIDY_EVERY_SECONDS
            self._stopped.wait(LOOK_EVERY_SECONDS)

    def stop(self) -> None:
        """End after the letter it is sending now."""
        self._stopped.set()
        self.join()


def send_due() -> int:
    """Send every letter that is due; the number of those sent."""
    settings: MailSettings | None = current_app.config["MAIL"]
    sent = 0
    while settings and (claimed := outbox.claim()):
        letter, token = claimed
        with force_locale(letter.language):
            text = letters.text_of(letter, token)
        # While the mail server thinks, nobody else misses a database connection.
        db.session.commit()
        if text is None:
            outbox.forget(letter)
            continue
        try:
            with smtp.connected(settings) as server:
                smtp.send(server, settings, letter.email, text)
        except smtp.Refused as error:
            _failed(letter.id, error)
            if error.final:
                outbox.forget(letter)
        except smtp.Unreachable as error:
            _failed(letter.id, error)
            break
        else:
            outbox.done(letter)
            metrics.letters.labels("sent").inc()
            sent += 1
    return sent


def tidy() -> None:
    """Remove expired letters, logins and counts."""
    outbox.tidy()
    sign_ins.tidy()
    limits.tidy()


def _round(app: Flask, tidying: bool) -> bool:
    try:
        with app.app_context():
            send_due()
            if tidying:
                tidy()
    except (DBAPIError, PoolTimeout) as error:
        log.warning("No letters: %s", reason(error) if isinstance(error, DBAPIError) else "no connection")
        return False
    except Exception:  # whatever it is, the next letter may be another
        log.exception("No letters.")
        return False
    return True


def _failed(letter_id: int, error: Exception) -> None:
    metrics.letters.labels("failed").inc()
    log.warning("Letter %d was not sent: %s", letter_id, error)
