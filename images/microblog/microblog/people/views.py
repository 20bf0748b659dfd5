"""The pages about people."""

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from .. import pace
from ..auth.signed_in import person, signed_in, signed_in_only
from ..database import db
from ..models import User
from ..pace import Deed
from ..pages import Between, Page, asked_before, page_size
from ..posts import timelines
from ..safe_url import same_site_path
from . import acquaintance, hiding
from .acquaintance import Acquaintance
from .following import follow, unfollow
from .forms import ProfileForm

INVALID = 422
PERSON = "/people/<username:username>"

blueprint = Blueprint("people", __name__)


@blueprint.get(PERSON)
def profile(username: str) -> ResponseReturnValue:
    """A person, their posts and what they passed on."""
    return _profile(username, timelines.written_by, "posts")


@blueprint.get(f"{PERSON}/card")
def card(username: str) -> str:
    """A person in short, for the script that shows it beside their name."""
    known = _find(username)
    back = same_site_path(request.args.get("next"))
    return render_template(
        "people/card.html", known=known, user=known.user, is_self=_is_self(known), back=back
    )


@blueprint.get(f"{PERSON}/replies")
def replies(username: str) -> ResponseReturnValue:
    """A person and everything they wrote."""
    return _profile(username, timelines.written_by_with_replies, "replies")


@blueprint.get(f"{PERSON}/followers")
def followers(username: str) -> str:
    """Who follows this person."""
    known = _seen(username)
    page = acquaintance.followers(known.user, person(), asked_before(), page_size())
    return _people("people/followers.html", known, page)


@blueprint.get(f"{PERSON}/following")
def following(username: str) -> str:
    """Whom this person follows."""
    known = _seen(username)
    page = acquaintance.following(known.user, person(), asked_before(), page_size())
    return _people("people/following.html", known, page)


@blueprint.get("/profile/hidden")
@signed_in_only
def hidden() -> str:
    """Whom one blocks or mutes."""
    page = acquaintance.hidden_by(signed_in(), asked_before(), page_size())
    return render_template("people/hidden.html", page=page)


@blueprint.post(f"{PERSON}/follow")
@signed_in_only
def start_following(username: str) -> ResponseReturnValue:
    """Follow this person."""
    known = _somebody_else(username)
    if known.blocks or known.suspended:
        abort(403)
    pace.count(Deed.TIE, signed_in())
    follow(signed_in(), known.user)
    return _back(known.user, _("You follow %(name)s now.", name=known.user.name))


@blueprint.post(f"{PERSON}/unfollow")
@signed_in_only
def stop_following(username: str) -> ResponseReturnValue:
    """Follow this person no more."""
    user = _somebody_else(username).user
    pace.count(Deed.TIE, signed_in())
    unfollow(signed_in(), user)
    return _back(user, _("You no longer follow %(name)s.", name=user.name))


@blueprint.post(f"{PERSON}/block")
@signed_in_only
def block(username: str) -> ResponseReturnValue:
    """Neither of the two sees anything of the other."""
    user = _somebody_else(username).user
    pace.count(Deed.TIE, signed_in())
    hiding.block(signed_in(), user)
    return _back(user, _("You and %(name)s see nothing of each other now.", name=user.name))


@blueprint.post(f"{PERSON}/unblock")
@signed_in_only
def unblock(username: str) -> ResponseReturnValue:
    """End a block."""
    user = _somebody_else(username).user
    pace.count(Deed.TIE, signed_in())
    hiding.unblock(signed_in(), user)
    return _back(user, _("You no longer block %(name)s.", name=user.name))


@blueprint.post(f"{PERSON}/mute")
@signed_in_only
def mute(username: str) -> ResponseReturnValue:
    """See nothing of this person."""
    user = _somebody_else(username).user
    pace.count(Deed.TIE, signed_in())
    hiding.mute(signed_in(), user)
    return _back(user, _("You see nothing of %(name)s now. They are not told.", name=user.name))


@blueprint.post(f"{PERSON}/unmute")
@signed_in_only
def unmute(username: str) -> ResponseReturnValue:
    """See this person again."""
    user = _somebody_else(username).user
    pace.count(Deed.TIE, signed_in())
    hiding.unmute(signed_in(), user)
    return _back(user, _("You see %(name)s again.", name=user.name))


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


def _profile(username: str, written: Callable[..., timelines.Ids], tab: str) -> ResponseReturnValue:
    known, between, size = _find(username), Between(asked_before()), page_size()
    if known.suspended:
        return render_template("people/suspended.html", known=known, user=known.user), 403
    wanted = written(known.user, person(), between, size + 1)
    page = Page((), None) if known.hidden else timelines.page_of(wanted, size)
    return render_template(
        "people/profile.html", known=known, user=known.user, page=page, tab=tab, is_self=_is_self(known)
    )


def _people(template: str, known: Acquaintance, page: Page[acquaintance.Listed]) -> str:
    return render_template(template, user=known.user, page=page, is_self=_is_self(known))


def _find(username: str) -> Acquaintance:
    known = acquaintance.find(username, person())
    if known is None:
        abort(404)
    return known


def _seen(username: str) -> Acquaintance:
    known = _find(username)
    if known.hidden:
        abort(404)
    return known


def _somebody_else(username: str) -> Acquaintance:
    known = _find(username)
    if _is_self(known):
        abort(400)
    return known


def _is_self(known: Acquaintance) -> bool:
    reader = person()
    return reader is not None and reader.id == known.user.id


def _back(user: User, said: str) -> ResponseReturnValue:
    flash(said)
    target = same_site_path(request.form.get("next"))
    return redirect(target or url_for("people.profile", username=user.username), 303)
