"""Sends what is in the outbox, and clears away what has expired: a thread of every worker, or a command."""

import logging

from flask import Flask, current_app
from flask_babel import force_locale

from .. import assets, audit, limits, metrics, suspensions
from ..auth import api_tokens, sign_ins
from ..database import db
from ..moderation import cases
from ..rounds import Rounds
from . import letters, outbox, smtp
from .settings import MailSettings

LOOK_EVERY_SECONDS = 5.0

log = logging.getLogger("microblog.mail")


class Courier(Rounds):
    """Sends letters until it is told to stop. A process may end without that: its letter is due again."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app, "letters", LOOK_EVERY_SECONDS, send_due, tidy, log)


def send_due() -> int:
    """Send every letter that is due; the number of those sent."""
    settings: MailSettings | None = current_app.config["MAIL"]
    sent = 0
    while settings and (claimed := outbox.claim()):
        letter, token = claimed
        with force_locale(letter.language):
            text = letters.text_of(letter, token)
        address = letters.address_of(letter)
        # While the mail server thinks, nobody else misses a database connection.
        db.session.commit()
        if text is None:
            outbox.forget(letter)
            continue
        try:
            with smtp.connected(settings) as server:
                smtp.send(server, settings, address, text)
        except smtp.Refused as error:
            _failed(letter.id, error)
            if error.final:
                outbox.forget(letter)
            else:
                outbox.refused(letter)
        except smtp.BrokenOff as error:
            _failed(letter.id, error)
            outbox.refused(letter)
            break
        except smtp.Unreachable as error:
            _failed(letter.id, error)
            outbox.unreachable(letter)
            break
        else:
            outbox.done(letter)
            metrics.letters.labels("sent").inc()
            sent += 1
    return sent


def tidy() -> None:
    """Remove expired letters, logins, counts, suspensions, cases, entries of the trail; keep the assets."""
    assets.keep()
    outbox.tidy()
    sign_ins.tidy()
    api_tokens.tidy()
    limits.tidy()
    suspensions.tidy()
    cases.tidy()
    audit.tidy()


def _failed(letter_id: int, error: Exception) -> None:
    metrics.letters.labels("failed").inc()
    log.warning("Letter %d was not sent: %s", letter_id, error)
