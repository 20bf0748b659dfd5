"""The pages that show posts, and the forms that write and delete them."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from .. import metrics, pace, patience
from ..auth.signed_in import person, signed_in, signed_in_only
from ..fields import unfilled
from ..images import uploads
from ..pace import Deed
from ..pages import LARGEST_ID, Between, Entry, Page, asked_after, asked_before, page_size
from . import cards, links, spoken_language, threads, timelines, writing
from .forms import PostForm, ReplyForm

INVALID = 422
POST = f"/posts/<int(max={LARGEST_ID}):post_id>"

blueprint = Blueprint("posts", __name__)


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """The posts of the people one follows; strangers see everybody's."""
    if person() is None:
        return redirect(url_for("posts.explore"))
    return _home(unfilled(PostForm), Between(asked_before()))


@blueprint.get("/explore")
def explore() -> str:
    """Everybody's posts."""
    between = Between(asked_before())
    page = _page(timelines.everybody(person(), between, page_size() + 1))
    return render_template("posts/explore.html", page=page, is_newest=between.is_newest)


@blueprint.get("/mentions")
@signed_in_only
def mentions() -> str:
    """The posts that name one or answer one."""
    between = Between(asked_before())
    page = _page(timelines.mentioning(signed_in(), between, page_size() + 1))
    return render_template("posts/mentions.html", page=page, is_newest=between.is_newest)


@blueprint.get("/likes")
@signed_in_only
def likes() -> str:
    """The posts one likes; a list for oneself alone."""
    page = _page(timelines.liked_by(signed_in(), Between(asked_before()), page_size() + 1))
    return render_template("posts/likes.html", page=page)


@blueprint.get("/tags/<tag>")
def tagged(tag: str) -> str:
    """The posts with a hashtag."""
    key, between = links.fold(tag) or abort(404), Between(asked_before())
    page = _page(timelines.tagged(key, person(), between, page_size() + 1))
    return render_template("posts/tag.html", page=page, tag=key, is_newest=between.is_newest)


@blueprint.post("/posts")
@signed_in_only
def create() -> ResponseReturnValue:
    """Write a post."""
    form = PostForm()
    patience.keep(form.body, lambda: _home(form, Between()))
    if not (form.validate_on_submit() and (content := _content(form))):
        return _home(form, Between()), INVALID
    writing.write(signed_in(), form.body.data, **content)
    metrics.posts_created.inc()
    flash(_("Your post is out."))
    return redirect(url_for("posts.home"), 303)


@blueprint.get(POST)
def show(post_id: int) -> str:
    """One post, at the address it keeps, with what it answers and what answers it."""
    return _thread(_one(post_id), unfilled(ReplyForm))


@blueprint.post(f"{POST}/replies")
@signed_in_only
def reply(post_id: int) -> ResponseReturnValue:
    """Answer a post."""
    entry, form = _one(post_id), ReplyForm()
    if entry.body is None:
        abort(404)
    patience.keep(form.body, lambda: _thread(entry, form))
    if not (form.validate_on_submit() and (content := _content(form))):
        return _thread(entry, form), INVALID
    post = writing.write(signed_in(), form.body.data, entry, **content)
    if post is None:
        abort(404)
    metrics.posts_created.inc()
    flash(_("Your reply is out."))
    return redirect(url_for("posts.show", post_id=post_id, _anchor=f"post-{post.id}"), 303)


@blueprint.post(f"{POST}/delete")
@signed_in_only
def delete(post_id: int) -> ResponseReturnValue:
    """Delete one's own post."""
    entry = timelines.one(post_id, person())
    if entry is None:
        abort(404)
    if entry.username != signed_in().username:
        abort(403)
    writing.remove(signed_in(), post_id)
    flash(_("The post is deleted."))
    return redirect(url_for("posts.home"), 303)


for function in (cards.cards_of, cards.card_urls, cards.card_words):
    blueprint.add_app_template_global(function)


@blueprint.app_template_global()
def linked(entry: Entry, person_url: str, tag_url: str) -> Markup:
    """The text of a post with its mentions and hashtags as links."""
    return links.linked(entry.body or "", entry.links, person_url, tag_url)


def _content(form: PostForm) -> dict[str, Any] | None:
    """What a post has beside its text; None when the picture is not good. Raises TooManyRequests."""
    pace.count(Deed.POST, signed_in())
    picture = uploads.taken(form)
    if form.errors:
        return None
    language = spoken_language.written(form.body.data, str(get_locale()))
    return {"language": language, "picture": picture, "alt": form.alt.data or ""}


def _page(wanted: timelines.Ids) -> Page[Entry]:
    return timelines.page_of(wanted, page_size())


def _home(form: PostForm, between: Between) -> str:
    page = _page(timelines.home(signed_in(), between, page_size() + 1))
    return render_template("posts/home.html", page=page, form=form, is_newest=between.is_newest)


def _one(post_id: int) -> Entry:
    entry = timelines.one(post_id, person())
    if entry is None:
        entry = threads.gap(post_id, person()) or abort(404)
    return entry


def _thread(entry: Entry, form: PostForm) -> str:
    above = threads.ancestors(entry.parent_id, person()) if entry.parent_id else []
    page = threads.replies(entry.id, asked_after(), page_size(), person())
    return render_template("posts/post.html", entry=entry, above=above, page=page, form=form)
