"""What a person is told about a decision, in a sentence."""

from dataclasses import dataclass

from flask_babel import get_locale
from flask_babel import gettext as _

from ..oversight import FOREVER, Case
from ..times import date_text
from .cases import Outcome, State


@dataclass(frozen=True)
class Notice:
    """A title, a sentence, and the reason that was given; none for what was taken back."""

    title: str
    text: str
    reason: str


def about(case: Case, still_out: bool = False) -> Notice:
    """What a person is told about a case that was decided, who may be kept out by another."""
    if case.outcome == Outcome.LIFTED:
        text = _("A decision about you was taken back. You can use your account as before.")
        if still_out:
            text = _("A decision about you was taken back. Another one still keeps you out.")
        return Notice(_("A decision was taken back"), text, case.answer)
    if case.state == State.CLOSED and case.appeal:
        text = _("The moderators read your answer. Their decision stays.")
        return Notice(_("The decision stays"), text, case.answer)
    if case.outcome == Outcome.SUSPENDED:
        return Notice(_("Your account is suspended"), _until(case), case.reason)
    return Notice(_("A post of yours was removed"), _("A moderator removed one of your posts."), case.reason)


def _until(case: Case) -> str:
    if case.until is None or case.until.year == FOREVER.year:
        return str(_("You cannot log in any more; your profile and your posts are not shown."))
    date = date_text(str(get_locale()), case.until)
    return str(_("You cannot log in until %(date)s; your profile and your posts are not shown.", date=date))
