"""What people fill in to report somebody, moderators to decide, and the person to answer."""

from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import Field, RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from ..audit import Act
from ..oversight import FOREVER, WORDS_LENGTH
from ..plain_text import printable, tidy
from ..roles import Role
from ..times import now
from .cases import Outcome
from .role_changes import NOTE_LENGTH

REASONS = {
    "spam": _("Spam or advertising"),
    "abuse": _("Insults, threats or harassment"),
    "hate": _("Hatred of a group of people"),
    "harm": _("It calls for violence or self-harm"),
    "private": _("It shows what is private"),
    "pretends": _("Pretends to be somebody else"),
    "illegal": _("Against the law"),
    "other": _("Something else"),
}
DURATIONS = {
    "1": _("for a day"),
    "7": _("for a week"),
    "30": _("for 30 days"),
    "forever": _("for good"),
}
DECISIONS = {
    Outcome.DISMISSED.value: _("Nothing is wrong with it"),
    Outcome.REMOVED.value: _("Remove the post"),
    Outcome.SUSPENDED.value: _("Suspend the person"),
}
ANSWERS = {"deny": _("The decision stays"), "grant": _("Take the decision back")}
ROLES = {
    Role.PERSON.name.lower(): _("person"),
    Role.MODERATOR.name.lower(): _("moderator"),
    Role.ADMIN.name.lower(): _("admin"),
}
ACTS = {
    Act.LOGIN.value: _("logged in"),
    Act.LOGIN_FAILED.value: _("wrong password"),
    Act.LOGIN_REFUSED.value: _("suspended, kept out"),
    Act.REGISTERED.value: _("registered"),
    Act.PASSWORD_CHANGED.value: _("changed the password"),
    Act.PASSWORD_RESET.value: _("reset the password"),
    Act.EMAIL_CHANGED.value: _("changed the e-mail address"),
    Act.LEFT.value: _("left"),
    Act.TOKEN_CREATED.value: _("made a token"),
    Act.TOKEN_REVOKED.value: _("revoked a token"),
    Act.ROLE_CHANGED.value: _("changed a role"),
    Act.DISMISSED.value: _("found nothing wrong"),
    Act.POST_REMOVED.value: _("removed a post"),
    Act.SUSPENDED.value: _("suspended somebody"),
    Act.SUSPENSION_LIFTED.value: _("ended a suspension"),
    Act.APPEALED.value: _("answered a decision"),
    Act.APPEAL_DENIED.value: _("left a decision as it is"),
    Act.APPEAL_GRANTED.value: _("took a decision back"),
}


def choices(labels: dict[str, str]) -> dict[str, Any]:
    """What a field is told that offers these."""
    return {
        "choices": [SelectChoice(value, label) for value, label in labels.items()],
        "invalid_choice_message": _("Choose one of these."),
    }


def words_field(label: str, *more: Any, description: str = "", most: int = WORDS_LENGTH) -> Field:
    """A few sentences."""
    too_long = Length(max=most, message=_("At most %(max)d characters, please."))
    return TextAreaField(
        label,
        filters=[tidy],
        validators=[*more, too_long, readable],
        description=description,
        render_kw={"rows": 3, "dir": "auto", "maxlength": most},
    )


def readable(_form: FlaskForm, field: Field) -> None:
    """Raises ValidationError for characters without a meaning."""
    if not printable(field.data or ""):
        raise ValidationError(_("There are characters in it that nobody can read."))


def reason_field() -> Field:
    """Why: for the person and for the audit trail."""
    return words_field(
        _("Reason"), InputRequired(_("Say why.")), description=_("The person reads this. It is kept.")
    )


def duration_field() -> Field:
    """For how long."""
    return SelectField(_("How long"), default="7", **choices(DURATIONS))


def until(duration: str) -> datetime:
    """The moment a duration ends that begins now."""
    return FOREVER if duration == "forever" else now() + timedelta(days=int(duration))


class ReportForm(FlaskForm):  # type: ignore[misc]
    """What is wrong."""

    reason = RadioField(_("What is wrong?"), **choices(REASONS))
    words = words_field(_("In your own words, if you like"))


class DecisionForm(FlaskForm):  # type: ignore[misc]
    """What is done about a report."""

    decision = RadioField(_("Decision"), **choices(DECISIONS))
    duration = duration_field()
    reason = words_field(
        _("Reason"),
        InputRequired(_("Say why.")),
        description=_("The person reads this, unless nothing was wrong. It is kept."),
    )


class AnswerForm(FlaskForm):  # type: ignore[misc]
    """What is done about somebody's answer to a decision."""

    decision = RadioField(_("Decision"), **choices(ANSWERS))
    reason = reason_field()


class SuspendForm(FlaskForm):  # type: ignore[misc]
    """Keep somebody out without a report."""

    duration = duration_field()
    reason = reason_field()


class LiftForm(FlaskForm):  # type: ignore[misc]
    """Let somebody in again."""

    reason = reason_field()


class RoleForm(FlaskForm):  # type: ignore[misc]
    """What somebody may do."""

    role = SelectField(_("Role"), **choices(ROLES))
    note = words_field(_("Reason"), most=NOTE_LENGTH)


class AppealForm(FlaskForm):  # type: ignore[misc]
    """An answer to a decision about oneself."""

    words = words_field(_("Your answer"), InputRequired(_("Write something first.")))


class AuditForm(FlaskForm):  # type: ignore[misc]
    """Which entries to show."""

    class Meta:
        csrf = False  # it only looks

    person = StringField(
        _("User name"), filters=[tidy], render_kw={"autocapitalize": "none", "spellcheck": "false"}
    )
    act = SelectField(_("What"), **choices({"": _("everything"), **ACTS}))
