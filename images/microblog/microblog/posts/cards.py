"""The cards of posts as they were rendered before: one is made anew when anything that it shows changed."""

from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache

from flask import request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from ..auth.signed_in import person
from ..kept import Kept
from ..models import User
from ..pages import Entry
from ..times import in_words

# About 2 kB each.
_kept: Kept[Hashable, Markup] = Kept(1000)


def cards_of(entries: Sequence[Entry], render: Callable[[Entry, str, User | None], Markup]) -> list[Markup]:
    """The cards of posts as `render` makes them for the reader, who comes back to this page.

    A gap says something else on every page, and is made each time.
    """
    here = request.full_path.rstrip("?") if request.method == "GET" else request.path
    reader, language = person(), str(get_locale())
    name = reader.username if reader else None
    cards = []
    for entry in entries:
        if entry.body is None or entry.created_at is None:
            cards.append(render(entry, here, reader))
            continue
        key = entry, here, language, in_words(language, entry.created_at), name and name == entry.username
        cards.append(_kept.get(key) or _kept.keep(key, render(entry, here, reader)))
    return cards


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
