"""The pages of one's own account."""

from flask import Blueprint, abort, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from .. import limits
from ..auth import accounts, api_tokens, sign_ins, user_agents
from ..auth.signed_in import forget_session, renew_sign_in, sign_in_id, signed_in, signed_in_only
from ..database import db
from ..exports import making
from ..jobs import queue
from ..jobs.models import Job
from ..mail import outbox
from ..mail.outbox import Purpose
from ..moderation.role_changes import LAST_ADMIN, LastAdmin, refuse_last_admin
from ..pages import LARGEST_ID
from ..roles import Role, role_of
from . import leaving
from .forms import EmailForm, LeaveForm, PasswordForm

INVALID = 422

blueprint = Blueprint("account", __name__)


@blueprint.get("/account")
@signed_in_only
def overview() -> ResponseReturnValue:
    """Everything about one's account on one page."""
    return render_template(
        "account/overview.html",
        # This browser first: whoever looks for a stranger knows it at once.
        sign_ins=sorted(sign_ins.of(signed_in()), key=lambda login: login.id != sign_in_id()),
        this_login=sign_in_id(),
        browser=user_agents.browser,
        system=user_agents.system,
    )


@blueprint.route("/account/password", methods=["GET", "POST"])
@signed_in_only
def password() -> ResponseReturnValue:
    """Change the password; other browsers are logged out."""
    form = PasswordForm()
    if form.validate_on_submit() and knows_the_password(form):
        if not accounts.change_password(signed_in(), form.password.data, but=sign_in_id()):
            return redirect(url_for("auth.login"), 303)
        renew_sign_in()
        flash(_("Your password is changed. Other browsers are logged out."))
        return redirect(url_for("account.overview"), 303)
    return render_template("account/password.html", form=form), INVALID if form.errors else 200


@blueprint.route("/account/email", methods=["GET", "POST"])
@signed_in_only
def email() -> ResponseReturnValue:
    """Change the address: by a link to it where this site sends mail."""
    form = EmailForm()
    if form.validate_on_submit() and knows_the_password(form):
        if current_app.config["MAIL"]:
            limits.take("letters to", accounts.email_key(form.email.data), accounts.LETTERS)
            outbox.write(Purpose.ADDRESS, accounts.email_key(form.email.data), signed_in())
            db.session.commit()
            return redirect(url_for("mailed.sent"), 303)
        if accounts.change_email(signed_in(), form.email.data):
            flash(_("Your address is changed."))
            return redirect(url_for("account.overview"), 303)
        form.email.errors = [_("There is an account with this address already.")]
    return render_template("account/email.html", form=form), INVALID if form.errors else 200


@blueprint.post(f"/account/logins/<int(max={LARGEST_ID}):number>/end")
@signed_in_only
def end_login(number: int) -> ResponseReturnValue:
    """Log one of one's browsers out."""
    here = number == sign_in_id()
    if not sign_ins.end(signed_in(), number):
        abort(404)
    if here:
        forget_session()
    flash(_("That browser is logged out."))
    return redirect(url_for("auth.login" if here else "account.overview"), 303)


@blueprint.post("/account/logins/end-others")
@signed_in_only
def end_other_logins() -> ResponseReturnValue:
    """Log every other browser out."""
    sign_ins.end_all(signed_in().id, but=sign_in_id())
    db.session.commit()
    flash(_("Every other browser is logged out."))
    return redirect(url_for("account.overview"), 303)


@blueprint.post("/account/logins/end-all")
@signed_in_only
def end_all_logins() -> ResponseReturnValue:
    """Log out everywhere, here too; programs are out as well."""
    sign_ins.end_all(signed_in().id)
    api_tokens.revoke_all(signed_in().id)
    db.session.commit()
    forget_session()
    flash(_("You are logged out everywhere."))
    return redirect(url_for("auth.login"), 303)


@blueprint.route("/account/delete", methods=["GET", "POST"])
@signed_in_only
def delete() -> ResponseReturnValue:
    """Leave, and take everything along."""
    form, export = LeaveForm(), queue.of(signed_in(), making.KIND)
    if form.validate_on_submit() and _may_leave(form, export):
        token = leaving.leave(signed_in(), keep_export=form.keep.data)
        forget_session()
        flash(_("Your account is deleted. Take care!"))
        kept = url_for("exports.kept", token=token) if token else None
        return redirect(kept or url_for("posts.explore"), 303)
    page = render_template("account/delete.html", form=form, export=export)
    return page, INVALID if form.errors else 200


def _nothing_is_lost(form: FlaskForm, export: Job | None) -> bool:
    if export is None or not export.is_pending:
        return True
    form.current.errors = [_("The file with your data is still being made. Wait for it, or cancel it.")]
    return False


def _may_leave(form: FlaskForm, export: Job | None) -> bool:
    return _nothing_is_lost(form, export) and knows_the_password(form) and _an_admin_remains(form)


def _an_admin_remains(form: FlaskForm) -> bool:
    if role_of(signed_in()) < Role.ADMIN:
        return True
    try:
        refuse_last_admin(signed_in())
    except LastAdmin:
        form.current.errors = [LAST_ADMIN]
        return False
    return True


def knows_the_password(form: FlaskForm) -> bool:
    """Whether the person typed their password, which a form that changes much asks for again."""
    if accounts.confirms(signed_in(), form.current.data):
        return True
    form.current.errors = [_("This is not your password.")]
    return False
