"""The pages of the export: ask for it, watch it grow, fetch it."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from .. import limits
from ..auth import accounts
from ..auth.signed_in import person, sign_in_id, signed_in, signed_in_only
from ..jobs import queue, worker
from ..jobs.models import Job
from ..limits import Limit
from . import fetching
from .forms import ExportForm
from .making import KIND

INVALID = 422
GONE = 410
# Of one person: some at once, then three a day.
EXPORTS = Limit(burst=3, seconds=8 * 3600)
DOWNLOADS = Limit(burst=10, seconds=600)
# In the session: in which of the logins the password was given for an export.
UNLOCKED = "export"

blueprint = Blueprint("exports", __name__)


@blueprint.after_request
def _tell_nobody(response: Response) -> Response:
    # The address of a kept export is a secret.
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.route("/account/export", methods=["GET", "POST"])
@signed_in_only
def export() -> ResponseReturnValue:
    """Ask for an export, or see how far it is; both take the password once in each login."""
    form, job = ExportForm(), queue.of(signed_in(), KIND)
    if form.validate_on_submit():
        if accounts.confirms(signed_in(), form.current.data):
            return _begin(job)
        form.current.errors = [_("This is not your password.")]
    _work(job)
    page = render_template("exports/export.html", form=form, job=job, unlocked=_unlocked())
    return page, INVALID if form.errors else 200


@blueprint.get("/account/export/progress")
def progress() -> ResponseReturnValue:
    """The part of the page that changes, for the script on it."""
    if person() is None:
        abort(403)
    job = queue.of(signed_in(), KIND) or abort(404)
    _work(job)
    return render_template("exports/progress.html", job=job, unlocked=_unlocked())


@blueprint.get("/account/export/download")
@signed_in_only
def download() -> ResponseReturnValue:
    """The file, in the login that gave the password."""
    job = queue.of(signed_in(), KIND)
    if job is None or not job.is_ready:
        abort(404)
    if not _unlocked():
        return redirect(url_for("exports.export"), 303)
    limits.take("download of", str(job.id), DOWNLOADS)
    return fetching.download(job)


@blueprint.post("/account/export/delete")
@signed_in_only
def delete() -> ResponseReturnValue:
    """Forget an export, done or not."""
    queue.drop(signed_in(), KIND)
    flash(_("The export is deleted."))
    return redirect(url_for("exports.export"), 303)


@blueprint.get("/export/kept")
def kept() -> ResponseReturnValue:
    """What remains of somebody who has left: their export, for a while."""
    job = fetching.kept(request.args.get("token", ""))
    if job is None:
        return render_template("account/gone.html"), GONE
    return render_template("exports/kept.html", job=job, token=request.args["token"])


@blueprint.get("/export/kept/download")
def download_kept() -> ResponseReturnValue:
    """The file of somebody who has left."""
    job = fetching.kept(request.args.get("token", ""))
    if job is None:
        return render_template("account/gone.html"), GONE
    limits.take("download of", str(job.id), DOWNLOADS)
    return fetching.download(job)


def _begin(job: Job | None) -> ResponseReturnValue:
    session[UNLOCKED] = sign_in_id()
    # Whoever has an export already only shows that it is theirs.
    if job is None or job.failed:
        limits.take("exports of", str(signed_in().id), EXPORTS)
        queue.put(signed_in(), KIND)
        worker.begin_in_a_bare_run()
    return redirect(url_for("exports.export"), 303)


def _work(job: Job | None) -> None:
    if job and job.is_pending:
        worker.begin_in_a_bare_run()


def _unlocked() -> bool:
    return bool(session.get(UNLOCKED) == sign_in_id())
