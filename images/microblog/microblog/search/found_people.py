"""People with these words in their names or their description, the newest account first."""

from typing import Any

from sqlalchemy import Select, select

from .. import usernames
from ..database import db
from ..models import User
from ..pages import LARGEST_ID, Page
from ..people.acquaintance import Listed
from ..visibility import visible
from . import full_text
from .query import Query

COLUMNS = (User.username, User.display_name, User.about)
SHOWN: tuple[Any, ...] = (User.id.label("place"), *COLUMNS)


def search(query: Query, reader: User | None, before: int, size: int) -> Page[Listed]:
    """A page of people in whose names and description every word of the query begins one.

    Whoever has just this user name is above all others.
    """
    exact = _exactly(query, reader)
    wanted = select(*SHOWN)
    if full_text.on_mariadb():
        place: Any = User.id
        wanted = wanted.where(full_text.begins(COLUMNS, query.words))
    else:
        found = full_text.found("user")
        place = found.c.rowid
        wanted = wanted.select_from(found).join(User, User.id == place)
        wanted = wanted.where(full_text.fts5_begins("user", query.words))
    wanted = wanted.where(place < before, *([User.id != exact.place] if exact else []))
    page = Page.of(_listed(visible(wanted, reader, User.id), place, size), size)
    return Page([exact, *page.entries], page.older) if exact and before == LARGEST_ID else page


def _exactly(query: Query, reader: User | None) -> Listed | None:
    if len(query.words) != 1:
        return None
    wanted = select(*SHOWN).where(User.username_key == usernames.key(query.words[0]))
    rows = _listed(visible(wanted, reader, User.id), User.id, 1)
    return rows[0] if rows else None


def _listed(wanted: Select[Any], place: Any, size: int) -> list[Listed]:
    rows = db.session.execute(wanted.order_by(place.desc()).limit(size + 1))
    return [Listed(*row) for row in rows]
