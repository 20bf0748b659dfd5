"""The pages to register, log in and log out."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from .. import metrics
from ..safe_url import same_site_path
from . import accounts
from .forms import LoginForm, RegisterForm
from .signed_in import person, sign_in

INVALID = 422

blueprint = Blueprint("auth", __name__)


@blueprint.route("/register", methods=["GET", "POST"])
def register() -> ResponseReturnValue:
    """Make an account and go in."""
    if person():
        return redirect(url_for("posts.home"), 303)
    form = RegisterForm()
    if form.validate_on_submit() and _is_free(form):
        user = accounts.create(form.username.data, form.email.data, form.password.data)
        if user:
            metrics.registrations.inc()
            sign_in(user, remember=False)
            flash(_("Welcome, %(name)s! Write your first post, or find people to follow.", name=user.name))
            return redirect(url_for("posts.home"), 303)
        _is_free(form)
    return render_template("auth/register.html", form=form), INVALID if form.errors else 200


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Ask for name and password, and go on to where the person wanted to."""
    target = same_site_path(request.values.get("next"))
    if person():
        return redirect(target or url_for("posts.home"), 303)
    form = LoginForm()
    if form.validate_on_submit():
        user = accounts.find(form.identity.data, form.password.data)
        metrics.logins.labels("success" if user else "failure").inc()
        if user:
            sign_in(user, remember=form.remember.data)
            return redirect(target or url_for("posts.home"), 303)
        form.password.errors = [_("User name and password do not match.")]
    status = INVALID if form.errors else 200
    return render_template("auth/login.html", form=form, target=target), status


@blueprint.post("/logout")
def logout() -> ResponseReturnValue:
    """End the session."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    flash(_("You are logged out."))
    return redirect(url_for("auth.login"), 303)


def _is_free(form: RegisterForm) -> bool:
    taken = accounts.taken(form.username.data, form.email.data)
    if "username" in taken:
        form.username.errors = [_("This user name is taken.")]
    if "email" in taken:
        form.email.errors = [_("There is an account with this address already.")]
    return not taken
