"""The mail server, and what can go wrong with it."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from smtplib import SMTP, SMTP_SSL

from ..times import now
from .addresses import in_ascii
from .letters import Text
from .settings import MailSettings

TIMEOUT_SECONDS = 15


class Unreachable(Exception):
    """The server cannot take any letter now."""


class BrokenOff(Exception):
    """The conversation ended in the middle, for whatever is wrong: the server, or this letter."""


class Refused(Exception):
    """The server will not take this letter; `final` when it never will."""

    def __init__(self, reason: str, final: bool) -> None:
        super().__init__(reason)
        self.final = final


@contextmanager
def connected(settings: MailSettings) -> Iterator[SMTP]:
    """A conversation with the server. Raises Unreachable."""
    try:
        server = _connect(settings)
    except (OSError, smtplib.SMTPException) as error:
        raise Unreachable(f"{settings.host}:{settings.port}: {error}") from error
    try:
        yield server
    finally:
        server.close()


def send(server: SMTP, settings: MailSettings, recipient: str, text: Text) -> None:
    """Hand one mail over. Raises Refused or BrokenOff."""
    try:
        recipient = in_ascii(recipient)
        server.send_message(_message(settings, recipient, text), settings.sender, [recipient])
    except smtplib.SMTPRecipientsRefused as error:
        code, reason = next(iter(error.recipients.values()))
        raise Refused(f"{code} {reason.decode(errors='replace')}", final=code >= 500) from error
    except (smtplib.SMTPNotSupportedError, ValueError) as error:  # an address this server has no letters for
        raise Refused(str(error), final=True) from error
    except smtplib.SMTPServerDisconnected as error:
        raise BrokenOff(str(error)) from error
    except smtplib.SMTPException as error:
        raise Refused(str(error), final=False) from error
    except OSError as error:
        raise BrokenOff(str(error)) from error


def _connect(settings: MailSettings) -> SMTP:
    encryption = ssl.create_default_context()
    if settings.security == "smtps":
        server: SMTP = SMTP_SSL(settings.host, settings.port, timeout=TIMEOUT_SECONDS, context=encryption)
    else:
        server = SMTP(settings.host, settings.port, timeout=TIMEOUT_SECONDS)
    try:
        if settings.security == "smtp+starttls":
            server.starttls(context=encryption)
        if settings.username:
            server.login(settings.username, settings.password)
        server.ehlo_or_helo_if_needed()
    except BaseException:
        server.close()
        raise
    return server


def _message(settings: MailSettings, recipient: str, text: Text) -> EmailMessage:
    message = EmailMessage()
    message["From"] = Address("Microblog", addr_spec=settings.sender)
    message["To"] = Address(addr_spec=recipient)
    message["Subject"] = text.subject
    message["Date"] = format_datetime(now())
    message["Message-ID"] = make_msgid(domain=settings.sender.rpartition("@")[2])
    # No answer to a robot by a robot.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text.body)
    return message
