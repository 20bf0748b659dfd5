"""The pages that mailed links lead to. Looking changes nothing: mail programs look before people do."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from .. import limits, metrics
from ..auth import accounts, known_browsers
from ..auth.signed_in import forget_session, person, sign_in
from ..database import db
from ..mail import letters, outbox
from ..mail.outbox import Purpose
from ..models import User
from .forms import ForgottenForm, ResetForm

INVALID = 422
GONE = 410

blueprint = Blueprint("mailed", __name__)


@blueprint.after_request
def _tell_nobody(response):  # type: ignore[no-untyped-def]
    # The address of such a page is a secret.
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.get("/mail/sent")
def sent() -> str:
    """What happens next, the same whether the address is known or not."""
    return render_template("account/sent.html")


@blueprint.route("/password/forgotten", methods=["GET", "POST"])
def forgotten() -> ResponseReturnValue:
    """Ask for a link to choose a new password."""
    if current_app.config["MAIL"] is None:
        return render_template("account/no_mail.html")
    form = ForgottenForm()
    if form.validate_on_submit():
        email = accounts.email_key(form.email.data)
        limits.take("forgotten from", limits.network(request.remote_addr), accounts.LOGINS_FROM_A_NETWORK)
        limits.take("letters to", email, accounts.LETTERS)
        outbox.write(Purpose.RESET, email)
        db.session.commit()
        return redirect(url_for("mailed.sent"), 303)
    return render_template("account/forgotten.html", form=form), INVALID if form.errors else 200


@blueprint.route(letters.RESET, methods=["GET", "POST"])
def reset() -> ResponseReturnValue:
    """Choose a new password; every browser is logged out."""
    letter = outbox.linked(Purpose.RESET, _token())
    user = db.session.scalar(select(User).where(User.email == letter.email)) if letter else None
    if letter is None or user is None:
        return _gone()
    form = ResetForm()
    if not form.validate_on_submit():
        page = render_template("account/reset.html", form=form, user=user, token=_token())
        return page, INVALID if form.errors else 200
    if not accounts.reset_password(user, form.password.data, letter):
        return _gone()
    forget_session()
    known_browsers.remember(user)
    flash(_("Your password is changed. Log in with the new one."))
    return redirect(url_for("auth.login"), 303)


@blueprint.route(letters.JOIN, methods=["GET", "POST"])
def join() -> ResponseReturnValue:
    """Confirm the address of a new account, which begins to exist."""
    letter = outbox.linked(Purpose.JOIN, _token())
    if letter is None:
        return _gone()
    if request.method != "POST":
        return render_template("account/join.html", letter=letter, token=_token())
    user = accounts.join(letter)
    if user is None:
        return _gone()
    metrics.registrations.inc()
    if session.get("joining") != letter.id:
        flash(_("Your account is ready. Log in with your password."))
        return redirect(url_for("auth.login"), 303)
    sign_in(user, remember=False)
    flash(_("Welcome, %(name)s! Write your first post, or find people to follow.", name=user.name))
    return redirect(url_for("posts.home"), 303)


@blueprint.route(letters.ADDRESS, methods=["GET", "POST"])
def address() -> ResponseReturnValue:
    """Confirm a new address."""
    letter = outbox.linked(Purpose.ADDRESS, _token())
    user = db.session.get(User, letter.user_id) if letter else None
    if letter is None or user is None:
        return _gone()
    if request.method != "POST":
        return render_template("account/address.html", letter=letter, user=user, token=_token())
    if not (outbox.use(letter) and accounts.change_email(user, letter.email)):
        db.session.rollback()
        return _gone()
    flash(_("Your address is changed."))
    return redirect(url_for("account.overview" if person() else "auth.login"), 303)


def _token() -> str:
    return str(request.values.get("token", ""))


def _gone() -> ResponseReturnValue:
    return render_template("account/gone.html"), GONE
