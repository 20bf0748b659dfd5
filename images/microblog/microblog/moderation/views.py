"""The pages of moderators: the queue, each case, and for admins the audit trail."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from .. import audit, suspensions, usernames
from ..auth.signed_in import signed_in
from ..database import db
from ..images.views import file
from ..models import User
from ..oversight import Case
from ..pages import LARGEST_ID, Entry, Page, asked_after, asked_before, page_size
from ..posts import timelines
from ..posts.entries import entries
from ..roles import Role
from . import cases, decisions, guard
from .cases import Outcome, State
from .forms import ACTS, REASONS, AnswerForm, AuditForm, DecisionForm, until
from .role_changes import LAST_ADMIN, LastAdmin

INVALID = 422
CASE = f"/moderation/cases/<int(max={LARGEST_ID}):case_id>"
# A browser asks again each time, so that it shows the picture no longer than it may.
ASKED_AGAIN = "private, no-cache"
NOBODY: Page[audit.Shown] = Page((), None)

blueprint = Blueprint("moderation", __name__)


@blueprint.get("/moderation")
@guard.at_least(Role.MODERATOR)
def queue() -> ResponseReturnValue:
    """What waits to be decided."""
    page = cases.queue(signed_in(), cases.WAITING, asked_after(), page_size())
    return render_template("moderation/queue.html", page=page)


@blueprint.get("/moderation/decided")
@guard.at_least(Role.MODERATOR)
def decided() -> ResponseReturnValue:
    """What was decided."""
    page = cases.latest(signed_in(), asked_before(), page_size())
    return render_template("moderation/queue.html", page=page)


@blueprint.get(CASE)
@guard.at_least(Role.MODERATOR)
def case(case_id: int) -> ResponseReturnValue:
    """What was reported, in its context, and the form to decide."""
    found, subject = _found(case_id)
    return _case(found, subject, _form(found))


@blueprint.post(CASE)
@guard.at_least(Role.MODERATOR)
def decide(case_id: int) -> ResponseReturnValue:
    """Decide a case, or an answer to a decision."""
    found, subject = _found(case_id)
    form = _form(found)
    if form is None:
        return _too_late(case_id)
    if not form.validate_on_submit():
        return _case(found, subject, form), INVALID
    actor = guard.about(subject)
    done = _answer if isinstance(form, AnswerForm) else _decide
    try:
        if not done(form, actor, found, subject):
            return _too_late(case_id)
    except LastAdmin:
        return _back(case_id, str(LAST_ADMIN))
    flash(_("It is decided."))
    return redirect(url_for("moderation.queue"), 303)


@blueprint.get(f"{CASE}/picture.webp")
@guard.at_least(Role.MODERATOR)
def picture(case_id: int) -> Response:
    """The picture that was reported, for whoever may decide the case."""
    found, _subject = _found(case_id)
    content = cases.picture_file(found)
    if content is None:
        abort(404)
    return file(content, f"report-{case_id}.webp", f"report-{case_id}", ASKED_AGAIN)


@blueprint.get("/moderation/audit")
@guard.at_least(Role.ADMIN)
def audit_trail() -> ResponseReturnValue:
    """Who did what to whom."""
    form = AuditForm(request.args)
    act, name = form.act.data or None, form.person.data
    person_id = _id_of(name) if name else None
    known = not name or person_id is not None
    page = audit.entries(page_size(), asked_before(), act, person_id) if known else NOBODY
    return render_template("moderation/audit.html", page=page, form=form, acts=ACTS)


def _found(case_id: int) -> tuple[Case, User]:
    return cases.find(case_id, signed_in()) or abort(404)


def _form(found: Case) -> DecisionForm | AnswerForm | None:
    if found.state == State.OPEN:
        form = DecisionForm()
        if found.post_id is None:
            form.decision.choices = [one for one in form.decision.choices if one.value != Outcome.REMOVED]
        return form
    return AnswerForm() if found.state == State.APPEALED else None


def _decide(form: DecisionForm, actor: User, found: Case, subject: User) -> bool:
    reason = form.reason.data
    if form.decision.data == Outcome.DISMISSED:
        return decisions.dismiss(actor, found, subject, reason)
    if form.decision.data == Outcome.REMOVED:
        return decisions.remove_post(actor, found, subject, reason)
    return decisions.suspend(actor, found, subject, reason, until(form.duration.data))


def _answer(form: AnswerForm, actor: User, found: Case, subject: User) -> bool:
    done = decisions.grant if form.decision.data == "grant" else decisions.deny
    return done(actor, found, subject, form.reason.data)


def _case(found: Case, subject: User, form: DecisionForm | AnswerForm | None) -> str:
    post = _post(found.post_id) if found.post_id else None
    above = timelines.one(post.parent_id, None) if post and post.parent_id else None
    return render_template(
        "moderation/case.html",
        case=found,
        subject=subject,
        form=form,
        post=post,
        in_thread=post and timelines.one(post.id, signed_in()),
        above=above,
        picture=None if post else cases.picture(found),
        reports=cases.reports(found),
        earlier=[other for other in cases.about(subject) if other.id != found.id],
        reasons=REASONS,
        suspension=suspensions.of(subject),
    )


def _post(post_id: int) -> Entry | None:
    """A post as long as it is there, whatever is between its author and others."""
    (entry,) = entries([(post_id, post_id, None, None)], None)
    return entry if entry.body is not None else None


def _too_late(case_id: int) -> ResponseReturnValue:
    return _back(case_id, _("Somebody else has decided this."))


def _back(case_id: int, said: str) -> ResponseReturnValue:
    flash(said)
    return redirect(url_for("moderation.case", case_id=case_id), 303)


def _id_of(name: str) -> int | None:
    """The number of a person by name, or of one who left by the number itself."""
    if name.isascii() and name.isdigit() and len(name) <= 18:
        return int(name)
    return db.session.scalar(select(User.id).where(User.username_key == usernames.key(name.lstrip("@"))))
