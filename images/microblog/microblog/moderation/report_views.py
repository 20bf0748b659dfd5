"""The pages to report a post or a person. Whoever is reported never learns by whom."""

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from .. import limits, patience
from ..auth.signed_in import person, signed_in, signed_in_only
from ..limits import Limit
from ..models import User
from ..pages import LARGEST_ID, Entry
from ..people import acquaintance
from ..posts import timelines
from . import cases, roster
from .forms import ReportForm
from .views import INVALID, blueprint

REPORTS = Limit(burst=10, seconds=360)


@blueprint.route(f"/posts/<int(max={LARGEST_ID}):post_id>/report", methods=["GET", "POST"])
@signed_in_only
def report_post(post_id: int) -> ResponseReturnValue:
    """Say what is wrong with a post."""
    entry = timelines.one(post_id, person()) or abort(404)
    subject = roster.find(entry.username) or abort(404)
    return _report(subject, entry, url_for("posts.show", post_id=post_id))


@blueprint.route("/people/<username:username>/report", methods=["GET", "POST"])
@signed_in_only
def report_person(username: str) -> ResponseReturnValue:
    """Say what is wrong with a person."""
    known = acquaintance.find(username, person())
    if known is None or known.suspended:
        abort(404)
    return _report(known.user, None, url_for("people.profile", username=known.user.username))


def _report(subject: User, entry: Entry | None, back: str) -> ResponseReturnValue:
    if subject.id == signed_in().id:
        abort(400)
    form = ReportForm()

    def page() -> str:
        return render_template("moderation/report.html", form=form, subject=subject, entry=entry, back=back)

    patience.keep(form.words, page)
    if not form.validate_on_submit():
        return page(), INVALID if form.errors else 200
    limits.take("reports by", str(signed_in().id), REPORTS)
    cases.report(signed_in(), subject, form.reason.data, form.words.data, entry)
    flash(_("Thank you. A moderator will look at it; %(name)s is not told who reported.", name=subject.name))
    return redirect(back, 303)
