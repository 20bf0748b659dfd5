"""The pages to register, log in and log out."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from .. import audit, limits, metrics, suspensions
from ..audit import Act
from ..database import db
from ..fields import unfilled
from ..models import User
from ..safe_url import same_site_path
from . import accounts, passwords
from .accounts import LETTERS, REGISTRATIONS_FROM_A_NETWORK
from .forms import LoginForm, RegisterForm
from .signed_in import person, sign_in, sign_out

INVALID = 422

blueprint = Blueprint("auth", __name__)


@blueprint.route("/register", methods=["GET", "POST"])
def register() -> ResponseReturnValue:
    """Make an account: at once, or where this site sends mail, by a link."""
    if person():
        return redirect(url_for("posts.home"), 303)
    form = RegisterForm()
    by_mail = current_app.config["MAIL"] is not None
    if form.validate_on_submit():
        limits.take("register from", limits.network(request.remote_addr), REGISTRATIONS_FROM_A_NETWORK)
        # A user name is public anyway; who has which address is nobody's business.
        if _is_free(form, tell_of_email=not by_mail):
            answer = _ask_to_join(form) if by_mail else _join(form)
            if answer:
                return answer
    page = render_template("auth/register.html", form=form, by_mail=by_mail)
    return page, INVALID if form.errors else 200


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Ask for name and password, and go on to where the person wanted to."""
    target = same_site_path(request.values.get("next"))
    if person():
        return redirect(target or url_for("posts.home"), 303)
    if request.method == "GET":
        return render_template("auth/login.html", form=unfilled(LoginForm), target=target)
    form = LoginForm()
    if form.validate_on_submit():
        user = accounts.find(form.identity.data, form.password.data)
        metrics.logins.labels("success" if user else "failure").inc()
        if user and suspensions.of(user):
            return _keep_out(user)
        if user and _let_in(user, form):
            return redirect(target or url_for("posts.home"), 303)
        form.password.errors = [_("User name and password do not match.")]
    status = INVALID if form.errors else 200
    return render_template("auth/login.html", form=form, target=target), status


@blueprint.post("/logout")
def logout() -> ResponseReturnValue:
    """End the session."""
    sign_out()
    flash(_("You are logged out."))
    return redirect(url_for("auth.login"), 303)


def _let_in(user: User, form: LoginForm) -> bool:
    audit.record(Act.LOGIN, user, user)
    return sign_in(user, remember=form.remember.data)


def _keep_out(user: User) -> ResponseReturnValue:
    audit.record(Act.LOGIN_REFUSED, user, user)
    db.session.commit()
    return redirect(url_for("moderation.kept_out", ticket=suspensions.ticket(user)), 303)


def _join(form: RegisterForm) -> ResponseReturnValue | None:
    password_hash = passwords.hashed(form.password.data)
    user = accounts.create(form.username.data, form.email.data, password_hash)
    if user is None:  # somebody was faster by the time of a hash
        _is_free(form, tell_of_email=True)
        return None
    metrics.registrations.inc()
    sign_in(user, remember=False)
    flash(_("Welcome, %(name)s! Write your first post, or find people to follow.", name=user.name))
    return redirect(url_for("posts.home"), 303)


def _ask_to_join(form: RegisterForm) -> ResponseReturnValue:
    limits.take("letters to", accounts.email_key(form.email.data), LETTERS)
    # Whoever follows the link in this browser has just typed the password, and need not again.
    session["joining"] = accounts.ask_to_join(form.username.data, form.email.data, form.password.data)
    return redirect(url_for("mailed.sent"), 303)


def _is_free(form: RegisterForm, tell_of_email: bool) -> bool:
    taken = accounts.taken(form.username.data, form.email.data)
    if "username" in taken:
        form.username.errors = [_("This user name is taken.")]
    if "email" in taken and tell_of_email:
        form.email.errors = [_("There is an account with this address already.")]
    return not form.errors
