"""The pages that show posts, and the forms that write and delete them."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from .. import metrics
from ..auth.signed_in import person, signed_in, signed_in_only
from ..pages import LARGEST_ID, asked_before, page_size
from . import timelines, writing
from .forms import PostForm

INVALID = 422

blueprint = Blueprint("posts", __name__)


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """The posts of the people one follows; strangers see everybody's."""
    if person() is None:
        return redirect(url_for("posts.explore"))
    return _home(PostForm(formdata=None), asked_before())


@blueprint.get("/explore")
def explore() -> str:
    """Everybody's posts."""
    page = timelines.everybody(asked_before(), page_size())
    return render_template("posts/explore.html", page=page)


@blueprint.post("/posts")
@signed_in_only
def create() -> ResponseReturnValue:
    """Write a post."""
    form = PostForm()
    if not form.validate_on_submit():
        return _home(form, LARGEST_ID), INVALID
    writing.write(signed_in(), form.body.data)
    metrics.posts_created.inc()
    flash(_("Your post is out."))
    return redirect(url_for("posts.home"), 303)


@blueprint.get(f"/posts/<int(max={LARGEST_ID}):post_id>")
def show(post_id: int) -> str:
    """One post, at the address it keeps."""
    entry = timelines.one(post_id)
    if entry is None:
        abort(404)
    return render_template("posts/post.html", entry=entry)


@blueprint.post(f"/posts/<int(max={LARGEST_ID}):post_id>/delete")
@signed_in_only
def delete(post_id: int) -> ResponseReturnValue:
    """Delete one's own post."""
    entry = timelines.one(post_id)
    if entry is None:
        abort(404)
    if entry.username != signed_in().username:
        abort(403)
    writing.remove(signed_in(), post_id)
    flash(_("The post is deleted."))
    return redirect(url_for("posts.home"), 303)


def _home(form: PostForm, before: int) -> str:
    page = timelines.home(signed_in(), before, page_size())
    return render_template("posts/home.html", page=page, form=form, is_newest=before == LARGEST_ID)
