"""Tokens: made with name and password, listed and revoked by any token that may."""

from typing import Any, NoReturn

from flask import abort, g, request
from werkzeug.exceptions import Conflict, Forbidden, Unauthorized

from .. import audit, metrics, suspensions
from ..audit import Act
from ..auth import accounts, api_tokens
from ..auth.held import PasswordChanged
from ..database import db
from ..plain_text import printable, tidy
from . import resources
from .caller import ANY, REALM, current_token_id, owner
from .operations import N_, PREFIX, answer, operation
from .problems import Invalid, Mistake

TOKENS = N_("Tokens")


@operation(
    "POST", "/tokens", TOKENS, N_("Make a token, with user name (or address) and password"),
    answers="IssuedToken", status=201, basic=True, body="NewToken", problems=(403, 409),
)  # fmt: skip
def issue(body: dict[str, Any]) -> Any:
    given = request.authorization
    user = None
    if given and given.type == "basic" and given.username and given.password:
        user = accounts.find(tidy(given.username), given.password, known_here=False)
        metrics.logins.labels("success" if user else "failure").inc()
    if user is None:
        _refuse()
    if suspensions.of(user):
        audit.record(Act.LOGIN_REFUSED, user, user)
        db.session.commit()
        raise Forbidden("This account is suspended.")
    name = tidy(body["name"])
    if not name or not printable(name):
        raise Invalid([Mistake(where="#/name", detail="must be something that one can read")])
    try:
        issued = api_tokens.issue(user, name, body["scopes"], body["expires_in_days"])
    except PasswordChanged:
        _refuse()
    if issued is None:
        raise Conflict(f"You have {api_tokens.MOST_TOKENS} tokens. Revoke some first.")
    token, secret = issued
    location = f"{PREFIX}/tokens/{token.id}"
    response = answer(resources.token(token) | {"token": secret}, 201, Location=location)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _refuse() -> NoReturn:
    g.challenge = f'Basic {REALM}, charset="UTF-8"'
    raise Unauthorized("User name and password do not match.")


@operation("GET", "/tokens", TOKENS, N_("Your tokens, without their secrets"), answers="Tokens", scope="read")
def tokens() -> Any:
    return {"items": [resources.token(token) for token in api_tokens.of(owner())]}


@operation("DELETE", "/tokens/current", TOKENS, N_("Revoke the token you send"), status=204, scope=ANY)
def revoke_current() -> None:
    api_tokens.revoke(owner(), current_token_id())


@operation("DELETE", "/tokens/{token_id}", TOKENS, N_("Revoke a token"), status=204, scope="write")
def revoke(token_id: int) -> None:
    if not api_tokens.revoke(owner(), token_id):
        abort(404)
