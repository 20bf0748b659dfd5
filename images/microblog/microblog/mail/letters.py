"""What the letters say, in the language of whoever asked for them; a decision in that of its reader."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select

from .. import suspensions
from ..database import db
from ..jobs.queue import KEPT
from ..models import Letter, User
from ..moderation import notice
from ..moderation.cases import TOLD
from ..oversight import Case
from ..times import full_moment
from .outbox import Purpose

# The paths of the pages that the links lead to.
JOIN = "/register/confirm"
RESET = "/password/new"
ADDRESS = "/account/email/confirm"
EXPORT = "/account/export"
DECISIONS = "/account/decisions"


@dataclass(frozen=True)
class Text:
    """The subject and the paragraphs of a mail."""

    subject: str
    paragraphs: tuple[str, ...]

    @property
    def body(self) -> str:
        """As it is sent."""
        return "\n\n".join(self.paragraphs) + "\n"


def text_of(letter: Letter, token: str) -> Text | None:
    """What to send for a letter, in the language of the context; None when there is nobody to tell.

    Somebody who is suspended gets no letters but that they are.
    """
    if letter.purpose == Purpose.DECISION:
        return _decision(letter)
    owner = db.session.scalar(select(User).where(User.email == letter.email))
    if owner and suspensions.of(owner):
        return None
    if letter.purpose == Purpose.JOIN:
        return _already_here(owner) if owner else _join(letter, token)
    if letter.purpose == Purpose.RESET:
        return _reset(owner, token) if owner else None
    if letter.purpose == Purpose.ADDRESS:
        return _already_here(owner) if owner else _address(token)
    user = db.session.get(User, letter.user_id)
    if user is None:
        return None
    if letter.purpose == Purpose.EXPORT_READY:
        return _export_ready(user, letter.created_at + KEPT)
    return NOTICES[Purpose(letter.purpose)](user)


def address_of(letter: Letter) -> str:
    """Where a letter goes: what was decided about somebody follows them to another address."""
    if letter.purpose != Purpose.DECISION:
        return letter.email
    return db.session.scalar(select(User.email).where(User.id == letter.user_id)) or letter.email


def _join(letter: Letter, token: str) -> Text:
    return Text(
        _("Confirm your address"),
        (
            _("Hello %(name)s,", name=letter.username),
            _("open this page to confirm your address; your account is ready then:"),
            _link(JOIN, token),
            _("The link is good for 24 hours, and once."),
            _("If it was not you who registered, do nothing: without the link there is no account."),
        ),
    )


def _already_here(user: User) -> Text:
    return Text(
        _("You have an account already"),
        (
            _("Hello %(name)s,", name=user.username),
            _("somebody, perhaps you, gave this address for an account. It has one already: yours."),
            _("If you forgot your password, choose a new one here:"),
            _site() + "/password/forgotten",
            _("If it was not you, do nothing. Nobody was told that this address has an account."),
        ),
    )


def _reset(user: User, token: str) -> Text:
    return Text(
        _("Choose a new password"),
        (
            _("Hello %(name)s,", name=user.username),
            _("choose a new password on this page:"),
            _link(RESET, token),
            _("The link is good for one hour, and once. You are logged out everywhere then."),
            _("If it was not you who asked for it, do nothing: your password stays as it is."),
        ),
    )


def _address(token: str) -> Text:
    return Text(
        _("Confirm your new address"),
        (
            _("Hello,"),
            _("open this page to make this the address of your account:"),
            _link(ADDRESS, token),
            _("The link is good for 24 hours, and once."),
            _("If you have no account here, do nothing: somebody mistyped their address."),
        ),
    )


def _password_changed(user: User) -> Text:
    return Text(
        _("Your password was changed"),
        (
            _("Hello %(name)s,", name=user.username),
            _("the password of your account was just changed, and other browsers were logged out."),
            _("If it was not you, choose a new password at once:"),
            _site() + "/password/forgotten",
        ),
    )


def _address_changed(user: User) -> Text:
    return Text(
        _("Your address was changed"),
        (
            _("Hello %(name)s,", name=user.username),
            _("your account has another address now; this is the last mail to this one."),
            _("If it was not you, write to those who run this site: %(site)s", site=_site()),
        ),
    )


def _export_ready(user: User, end: datetime) -> Text:
    return Text(
        _("Your data is ready"),
        (
            _("Hello %(name)s,", name=user.username),
            _("the file with your data is ready. Fetch it here; it asks for your password:"),
            _site() + EXPORT,
            _("It is there until %(moment)s.", moment=full_moment(end)),
            _("If it was not you who asked for it, change your password."),
        ),
    )


def _decision(letter: Letter) -> Text | None:
    about = select(User, Case).join(Case, Case.subject_id == User.id).where(User.id == letter.user_id)
    # The release before wrote no number: what it tells of is the last decision.
    last = about.where(Case.outcome.in_(TOLD)).order_by(Case.decided_at.desc(), Case.id.desc()).limit(1)
    its = last if letter.case_id is None else about.where(Case.id == letter.case_id)
    row = db.session.execute(its).one_or_none()
    if row is None:
        return None
    user, told = row[0], notice.about(row[1], suspensions.of(row[0]) is not None)
    return Text(
        told.title,
        (
            _("Hello %(name)s,", name=user.username),
            told.text,
            *([_("The reason: %(reason)s", reason=told.reason)] if told.reason else []),
            _("Here is what was decided, and how to answer:"),
            _site() + DECISIONS,
        ),
    )


NOTICES = {
    Purpose.PASSWORD_CHANGED: _password_changed,
    Purpose.ADDRESS_CHANGED: _address_changed,
}


def _link(path: str, token: str) -> str:
    # In the query, which no log of ours keeps, and never with the host somebody asked for.
    return f"{_site()}{path}?{urlencode({'token': token})}"


def _site() -> str:
    return str(current_app.config["MAIL"].public_url)
