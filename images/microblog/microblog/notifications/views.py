"""The page of notifications, the button that marks them as seen, and the count for pages that are open."""

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, ngettext

from ..auth.signed_in import person, signed_in, signed_in_only, unread
from ..pages import LARGEST_ID, asked_before, asked_place, page_size, posted_place
from . import listing
from .sentences import sentence

blueprint = Blueprint("notifications", __name__)


@blueprint.get("/notifications")
@signed_in_only
def overview() -> str:
    """What others did that concerns one."""
    before = asked_before()
    to = asked_place("to", LARGEST_ID)
    if to == LARGEST_ID:
        to = listing.newest(signed_in())
    page = listing.listed(signed_in(), before, to, page_size())
    return render_template("notifications/overview.html", page=page, to=to, sentence=sentence)


@blueprint.post("/notifications/seen")
@signed_in_only
def seen() -> ResponseReturnValue:
    """One has seen the notifications up to a number."""
    listing.see(signed_in(), posted_place("to"))
    return redirect(url_for("notifications.overview"), 303)


@blueprint.get("/fresh/unread")
def fresh_unread() -> Response:
    """How much is new: no statement but the one that finds out who asks, and 304 while nothing happened."""
    if person() is None:
        abort(403)
    new = unread()
    response = jsonify(notifications=new.notifications, messages=new.messages, text=_words())
    response.set_etag(f"{new.notifications}-{new.messages}-{get_locale()}")
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response


def _words() -> str:
    new, parts = unread(), []
    if new.notifications:
        parts.append(ngettext("%(num)s new notification", "%(num)s new notifications", new.notifications))
    if new.messages:
        parts.append(ngettext("%(num)s new message", "%(num)s new messages", new.messages))
    return ", ".join(parts)
