"""Who gets in: for everybody else there is nothing under /moderation."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import abort
from flask.typing import ResponseReturnValue

from .. import limits
from ..auth.signed_in import person, signed_in
from ..limits import Limit
from ..models import User
from ..roles import Role, moderates, role_of

Arguments = ParamSpec("Arguments")
View = Callable[Arguments, ResponseReturnValue]

# Of one moderator: nobody reads faster, and a stolen session does not empty the place.
ACTS = Limit(burst=60, seconds=10)


def at_least(least: Role) -> Callable[[View[Arguments]], View[Arguments]]:
    """Let those of a role in; others learn nothing, not even that there is a page."""

    def guarding(view: View[Arguments]) -> View[Arguments]:
        @wraps(view)
        def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> ResponseReturnValue:
            if role_of(person()) < least:
                abort(404)
            return view(*args, **kwargs)

        return guarded

    return guarding


def about(subject: User) -> User:
    """The moderator, if they may decide about this person (403), and not too often (429)."""
    actor = signed_in()
    if not moderates(actor, subject):
        abort(403)
    limits.take("moderation by", str(actor.id), ACTS)
    return actor
