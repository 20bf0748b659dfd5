"""The page about the API for people who write programs, made from the operations themselves."""

from itertools import groupby

from flask import Blueprint, render_template
from flask_babel import gettext

from .api import document
from .api.caller import ANY, rate, writing_limit
from .api.operations import OPERATIONS, PREFIX
from .api.schemas import INPUT, OUTPUT
from .api.start import START

blueprint = Blueprint("developers", __name__)


@blueprint.get("/developers")
def developers() -> str:
    """What there is, what it takes and what it gives."""
    # The way in comes first, the others by their names.
    in_order = sorted(OPERATIONS, key=lambda one: (one.group != START, one.group))
    groups = {group: list(ones) for group, ones in groupby(in_order, lambda one: one.group)}
    return render_template(
        "developers.html",
        groups=groups,
        prefix=PREFIX,
        schemas=INPUT | OUTPUT,
        codes=document.problem_codes,
        translated=gettext,
        any_scope=ANY,
        requests=rate().quota,
        changes=writing_limit(rate()).burst,
    )
