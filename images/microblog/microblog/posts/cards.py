"""The cards of posts as they were rendered before: one is made anew when anything that it shows changed."""

from collections.abc import Callable
from functools import lru_cache

from flask import url_for
from flask_babel import gettext as _
from markupsafe import Markup

from ..fragments import remembered
from ..models import User
from ..pages import Entry
from ..times import in_words


def card_of(
    entry: Entry, here: str, language: str, reader: User | None, render: Callable[[Entry, str], Markup]
) -> Markup:
    """The card of a post as `render` makes it, for a reader of this language who comes back to `here`.

    A gap says something else on every page, and is made each time.
    """
    if entry.body is None or entry.created_at is None:
        return render(entry, here)
    may_react, is_own = reader is not None, reader is not None and reader.username == entry.username
    key = (entry, here, language, in_words(language, entry.created_at), may_react, is_own)
    return remembered(key, lambda: render(entry, here))


@lru_cache
def card_urls() -> dict[str, str]:
    """What the addresses on a card begin with."""
    return {
        "person": url_for("people.profile", username="000")[:-3],
        "avatar": url_for("avatars.avatar", username="000")[:-7],
        "post": url_for("posts.show", post_id=0)[:-1],
        "image": url_for("images.image", post_id=0, digest="0", width=0)[:-10],
        "tag": url_for("posts.tagged", tag="0")[:-1],
    }


def card_words() -> dict[str, str]:
    """What a card says, in the language of the page."""
    return {
        "picture": _("A picture without a description"),
        "reply": _("Reply"),
        "like": _("Like"),
        "repost": _("Repost"),
        "answers": _("In reply to"),
        "answers_some": _("In reply to a post"),
        "passed_on": _("reposted by"),
        "replies": _("Show the replies to it"),
        "gap": _("A post that was deleted, or that is not for you."),
        "removed": _("Removed by moderation."),
        "suspended": _("By somebody who is suspended."),
    }
