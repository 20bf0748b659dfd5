"""The buttons below a post: like it, pass it on, and take either back."""

from collections.abc import Callable

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from .. import pace
from ..auth.signed_in import signed_in, signed_in_only
from ..models import User
from ..pace import Deed
from ..safe_url import same_site_path
from . import reactions, timelines
from .views import POST, blueprint


@blueprint.post(f"{POST}/like")
@signed_in_only
def like(post_id: int) -> ResponseReturnValue:
    """Like a post."""
    return _react(reactions.like, post_id)


@blueprint.post(f"{POST}/unlike")
@signed_in_only
def unlike(post_id: int) -> ResponseReturnValue:
    """Like a post no more."""
    return _react(reactions.unlike, post_id)


@blueprint.post(f"{POST}/repost")
@signed_in_only
def repost(post_id: int) -> ResponseReturnValue:
    """Pass on a post of somebody else."""
    return _react(reactions.repost, post_id, own=False)


@blueprint.post(f"{POST}/unrepost")
@signed_in_only
def unrepost(post_id: int) -> ResponseReturnValue:
    """Take back what one passed on."""
    return _react(reactions.unrepost, post_id)


def _react(reaction: Callable[[User, int], None], post_id: int, own: bool = True) -> ResponseReturnValue:
    entry = timelines.one(post_id, signed_in()) or abort(404)
    if not own and entry.username == signed_in().username:
        abort(400)
    pace.count(Deed.REACTION, signed_in())
    reaction(signed_in(), post_id)
    target = same_site_path(request.form.get("next"))
    return redirect(target or url_for("posts.show", post_id=post_id), 303)
