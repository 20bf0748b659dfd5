"""The pages of conversations, and the forms on them."""

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from .. import limits, patience
from ..auth.signed_in import person, signed_in, signed_in_only
from ..database import db
from ..limits import Limit
from ..models import User
from ..pages import LARGEST_ID, asked_after, asked_before, page_size, posted_place
from ..people import acquaintance
from ..people.views import PERSON
from . import conversations, sending
from .conversations import Side
from .forms import MessageForm
from .sending import Refusal

INVALID = 422
CONVERSATION = f"/messages/<int(max={LARGEST_ID}):conversation_id>"
MOST = 99
# Of one person, whoever reads them: a lively exchange is less.
MESSAGES = Limit(burst=30, seconds=6)
# Conversations that one person begins: nobody writes to everybody.
CONVERSATIONS = Limit(burst=10, seconds=600)

blueprint = Blueprint("messages", __name__)


@blueprint.get("/messages")
@signed_in_only
def overview() -> str:
    """One's conversations."""
    page = conversations.listed(signed_in(), False, asked_before(), page_size())
    waiting = conversations.requests_waiting(signed_in())
    return render_template("messages/overview.html", page=page, waiting=waiting)


@blueprint.get("/messages/requests")
@signed_in_only
def requests() -> str:
    """What people wrote whom one does not follow and has not answered."""
    page = conversations.listed(signed_in(), True, asked_before(), page_size())
    return render_template("messages/overview.html", page=page, waiting=True)


@blueprint.get(CONVERSATION)
@signed_in_only
def show(conversation_id: int) -> str:
    """A conversation, its newest messages last."""
    return _conversation(_find(conversation_id), MessageForm(formdata=None))


@blueprint.post(CONVERSATION)
@signed_in_only
def answer(conversation_id: int) -> ResponseReturnValue:
    """Write in a conversation."""
    side, form = _find(conversation_id), MessageForm()
    other = db.session.get(User, side.other_id) if side.username else None
    if other is None:
        abort(403)
    patience.keep(form.body, lambda: _conversation(side, form))
    if not form.validate_on_submit():
        return _conversation(side, form), INVALID
    return _send(other, form)


@blueprint.get(f"{PERSON}/message")
@signed_in_only
def write_to(username: str) -> ResponseReturnValue:
    """The conversation with a person, or the form that begins one."""
    other = _other(username)
    number = conversations.number_with(signed_in(), other)
    if number:
        return redirect(url_for("messages.show", conversation_id=number))
    return _first(other, MessageForm(formdata=None))


@blueprint.post(f"{PERSON}/message")
@signed_in_only
def begin(username: str) -> ResponseReturnValue:
    """Write to a person for the first time, or again."""
    other, form = _other(username, or_suspended=True), MessageForm()
    patience.keep(form.body, lambda: _first(other, form))
    if not form.validate_on_submit():
        return _first(other, form), INVALID
    if not conversations.number_with(signed_in(), other):
        limits.take("conversations of", str(signed_in().id), CONVERSATIONS)
    return _send(other, form)


@blueprint.post(f"{CONVERSATION}/read")
@signed_in_only
def read(conversation_id: int) -> ResponseReturnValue:
    """One has read the messages up to a number."""
    _find(conversation_id)
    sending.read(signed_in(), conversation_id, posted_place("to"))
    return redirect(url_for("messages.show", conversation_id=conversation_id), 303)


@blueprint.post(f"{CONVERSATION}/delete")
@signed_in_only
def delete(conversation_id: int) -> ResponseReturnValue:
    """Delete one's own copy."""
    _find(conversation_id)
    sending.delete_copy(signed_in(), conversation_id)
    flash(_("The conversation is deleted for you."))
    return redirect(url_for("messages.overview"), 303)


@blueprint.get(f"{CONVERSATION}/fresh")
def fresh(conversation_id: int) -> Response:
    """How many messages came since a page was made; 304 while nothing happened."""
    if person() is None:
        abort(403)
    number = conversations.count_since(signed_in(), _find(conversation_id), asked_after(), MOST)
    text = ngettext("%(num)s new message", "%(num)s new messages", number) if number else ""
    response = jsonify(count=number, text=text)
    response.set_etag(f"{number}-{get_locale()}")
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response


def _send(other: User, form: MessageForm) -> ResponseReturnValue:
    limits.take("messages of", str(signed_in().id), MESSAGES)
    sent = sending.send(signed_in(), other, form.body.data)
    if sent is Refusal.APART:
        abort(404)
    if isinstance(sent, Refusal):
        waiting = _("Please wait until they answer, or follow you.")
        form.body.errors = [_("This account is suspended") if sent is Refusal.SUSPENDED else waiting]
        number = conversations.number_with(signed_in(), other)
        return (_conversation(_find(number), form) if number else _first(other, form)), INVALID
    return redirect(url_for("messages.show", conversation_id=sent, _anchor="newest"), 303)


def _conversation(side: Side, form: MessageForm) -> str:
    before = asked_before()
    page = conversations.lines(signed_in(), side, before, page_size())
    newest = page.entries[-1].place if page.entries else 0
    return render_template(
        "messages/conversation.html",
        side=side,
        page=page,
        form=form,
        newest=newest,
        is_newest=before == LARGEST_ID,
    )


def _first(other: User, form: MessageForm) -> str:
    is_request = not conversations.may_begin(signed_in(), other)
    return render_template("messages/first.html", other=other, form=form, is_request=is_request)


def _find(conversation_id: int) -> Side:
    return conversations.find(signed_in(), conversation_id) or abort(404)


def _other(username: str, or_suspended: bool = False) -> User:
    known = acquaintance.find(username, person())
    if known is None or known.apart or known.user.id == signed_in().id:
        abort(404)
    # Of what is written already nothing is lost: the form says why it is not sent.
    if known.suspended and not or_suspended:
        abort(404)
    return known.user
