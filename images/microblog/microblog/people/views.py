"""The pages about people."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from .. import usernames
from ..auth.signed_in import person, signed_in, signed_in_only
from ..database import db
from ..models import User
from ..pages import asked_before, page_size
from ..posts import timelines
from .following import follow, follows, unfollow
from .forms import ProfileForm

INVALID = 422
PERSON = "/people/<username:username>"

blueprint = Blueprint("people", __name__)


@blueprint.get(PERSON)
def profile(username: str) -> str:
    """A person and their posts."""
    user = _find(username)
    reader = person()
    is_self = reader is not None and reader.id == user.id
    return render_template(
        "people/profile.html",
        user=user,
        page=timelines.written_by(user, asked_before(), page_size()),
        is_self=is_self,
        is_followed=reader is not None and not is_self and follows(reader, user),
    )


@blueprint.post(f"{PERSON}/follow")
@signed_in_only
def start_following(username: str) -> ResponseReturnValue:
    """Follow this person."""
    user = _somebody_else(username)
    follow(signed_in(), user)
    flash(_("You follow %(name)s now.", name=user.name))
    return redirect(url_for("people.profile", username=user.username), 303)


@blueprint.post(f"{PERSON}/unfollow")
@signed_in_only
def stop_following(username: str) -> ResponseReturnValue:
    """Follow this person no more."""
    user = _somebody_else(username)
    unfollow(signed_in(), user)
    flash(_("You no longer follow %(name)s.", name=user.name))
    return redirect(url_for("people.profile", username=user.username), 303)


@blueprint.route("/profile/edit", methods=["GET", "POST"])
@signed_in_only
def edit() -> ResponseReturnValue:
    """Change one's own name and description."""
    user = signed_in()
    form = ProfileForm(obj=user)
    if form.validate_on_submit():
        user.display_name = form.display_name.data
        user.about = form.about.data
        db.session.commit()
        flash(_("Your profile is saved."))
        return redirect(url_for("people.profile", username=user.username), 303)
    return render_template("people/edit.html", form=form), INVALID if form.errors else 200


def _find(username: str) -> User:
    user = db.session.scalar(select(User).where(User.username_key == usernames.key(username)))
    if user is None:
        abort(404)
    return user


def _somebody_else(username: str) -> User:
    user = _find(username)
    if user.id == signed_in().id:
        abort(400)
    return user
