"""What was decided about oneself, and the one answer to it; who is suspended needs no login."""

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from .. import limits, suspensions
from ..auth.accounts import LOGINS_FROM_A_NETWORK
from ..auth.signed_in import person, signed_in, signed_in_only
from ..database import db
from ..models import User
from ..oversight import Case
from ..pages import LARGEST_ID
from . import cases, decisions, notice
from .forms import AppealForm
from .views import INVALID, blueprint

GONE = 410


@blueprint.get("/account/decisions")
@signed_in_only
def about_me() -> ResponseReturnValue:
    """What was decided about one's posts and oneself."""
    return render_template("moderation/about_me.html", cases=cases.told(signed_in()))


@blueprint.get("/account/suspended")
def kept_out() -> ResponseReturnValue:
    """Why somebody is kept out whose password was right, and until when."""
    subject = _holder()
    suspension = suspensions.of(subject)
    if suspension is None:
        return redirect(url_for("auth.login"), 303)
    case = cases.behind(suspension)
    page = render_template("moderation/kept_out.html", suspension=suspension, case=case, ticket=_ticket())
    return _told_nobody(page, 403)


@blueprint.route(f"/account/decisions/<int(max={LARGEST_ID}):case_id>/answer", methods=["GET", "POST"])
def answer(case_id: int) -> ResponseReturnValue:
    """Answer a decision, logged in or with the ticket of the page for the suspended."""
    subject = person() or _holder()
    mine = select(Case).where(Case.id == case_id, Case.subject_id == subject.id)
    case = db.session.scalar(mine.where(Case.outcome.in_(cases.TOLD))) or abort(404)
    form = AppealForm()
    if not form.validate_on_submit():
        page = render_template("moderation/answer.html", form=form, case=case, ticket=_ticket())
        return _told_nobody(page, INVALID if form.errors else 200)
    limits.take("answers from", limits.network(request.remote_addr), LOGINS_FROM_A_NETWORK)
    if decisions.appeal(case, subject, form.words.data):
        flash(_("Your answer is with the moderators."))
    else:
        flash(_("This cannot be answered any more."))
    if person():
        return redirect(url_for("moderation.about_me"), 303)
    return redirect(url_for("moderation.kept_out", ticket=_ticket()), 303)


@blueprint.app_template_global()
def notice_about(case: Case) -> notice.Notice:
    """What a person is told about a case."""
    return notice.about(case)


def _ticket() -> str:
    return str(request.values.get("ticket", ""))


def _holder() -> User:
    return suspensions.holder(_ticket()) or abort(GONE)


def _told_nobody(page: str, status: int) -> Response:
    # The address has the ticket in it.
    response = Response(page, status)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "private, no-store"
    return response
