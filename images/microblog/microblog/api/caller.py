"""Who sends a request: the person whose token it carries, or nobody. Cookies are not looked at."""

from functools import lru_cache
from typing import cast

from flask import current_app, g, request
from werkzeug.exceptions import Forbidden, TooManyRequests, Unauthorized

from .. import limits
from ..auth import api_tokens
from ..auth.api_tokens import Found
from ..limits import Limit
from ..models import User
from .rates import Left, Rate, SharedRates

SCHEME = "bearer"
ANY = "any"  # what every token may do
# Writing is counted in the database too: all hosts together.
WRITING_SHARE = 10
REALM = 'realm="microblog"'


def reader() -> User | None:
    """The person of the token."""
    return g.caller.user if g.caller else None


def owner() -> User:
    """The person of the token, where the operation needs one."""
    return cast(User, reader())


def current_token_id() -> int:
    """The token itself, where the operation needs one."""
    return cast(Found, g.caller).token_id


def identify() -> None:
    """Look at the token, if there is one. Raises TooManyRequests or Unauthorized."""
    g.caller = None
    count_address()
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if not scheme:
        return
    found = api_tokens.find(secret.strip()) if scheme.lower() == SCHEME else None
    if found is None:
        raise counts_no_longer()
    # For the person, not for each of their tokens: there may be many.
    _count("token", str(found.user.id))
    api_tokens.see(found)
    g.caller = found


def demand(scope: str) -> None:
    """Refuse who may not do this. Raises Unauthorized or Forbidden."""
    found = g.caller
    if found is None:
        raise _unauthorized()
    if scope != ANY and scope not in found.scopes:
        g.challenge = _challenge('error="insufficient_scope"', f'scope="{scope}"')
        raise Forbidden(f"This token has not the scope {scope}.")


def counts_no_longer() -> Unauthorized:
    """The error for a token that is none of somebody's who may be here."""
    return _unauthorized("This token is unknown, revoked or expired.", 'error="invalid_token"')


def count_address() -> None:
    """Count a request of an address. Raises TooManyRequests."""
    _count("address", _network(request.remote_addr))


def count_writing() -> None:
    """Count a change that a person makes. Raises TooManyRequests."""
    limits.take("api writes of", str(owner().id), writing_limit(rate()))


def rate() -> Rate:
    """What an address and a person may each send."""
    return Rate(current_app.config["API_REQUESTS_PER_MINUTE"], 60)


def writing_limit(rate: Rate) -> Limit:
    """How much of that may be changes, in whole seconds."""
    burst = max(1, rate.quota // WRITING_SHARE)
    return Limit(burst=burst, seconds=max(1, rate.seconds // burst))


def _count(kind: str, value: str) -> None:
    shared: SharedRates = current_app.extensions["api_rates"]
    left = shared.take(kind, value, rate())
    kinds: dict[str, Left] = g.setdefault("rates_left", {})
    kinds[kind] = left
    if left.refused:
        raise TooManyRequests(retry_after=left.wait)


_network = lru_cache(maxsize=1024)(limits.network)


def _unauthorized(detail: str | None = None, *parameters: str) -> Unauthorized:
    g.challenge = _challenge(*parameters)
    return Unauthorized(detail)


def _challenge(*parameters: str) -> str:
    return "Bearer " + ", ".join((REALM, *parameters))
