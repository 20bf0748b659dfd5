"""How often something may be tried, counted in the database: one count for all workers and hosts.

Each try uses up some seconds of the future; where a burst of them is used up, the next has to wait. A row
holds the second up to which all is used (the "generic cell rate algorithm").
"""

import time
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv6Address, ip_address

from sqlalchemy import case, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import TooManyRequests

from .database import db
from .models import Allowance


@dataclass(frozen=True)
class Limit:
    """So many tries at once, and another each time these seconds have passed."""

    burst: int
    seconds: int


def take(kind: str, value: str, limit: Limit) -> None:
    """Count a try, and commit that. Raises TooManyRequests when there were too many."""
    name = _key(kind, value)
    now = int(time.time())
    # The second try is for a row that another worker put there in the meantime.
    if _use(name, limit, now) or _begin(name, limit, now) or _use(name, limit, now):
        return
    free_at = db.session.scalar(select(Allowance.free_at).where(Allowance.key == name)) or now
    db.session.rollback()
    raise TooManyRequests(retry_after=max(1, free_at - _latest(limit, now)))


def forget(kind: str, value: str) -> None:
    """Begin anew: whoever tried has shown that it is theirs."""
    db.session.execute(delete(Allowance).where(Allowance.key == _key(kind, value)))
    db.session.commit()


def tidy() -> None:
    """Remove the counts that no longer hold anybody up."""
    db.session.execute(delete(Allowance).where(Allowance.free_at < int(time.time())))
    db.session.commit()


def network(address: str | None) -> str:
    """What counts as one visitor: an IPv4 address, or the 64 bits that an IPv6 customer is given."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return "unknown"
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))


def _use(name: str, limit: Limit, now: int) -> bool:
    later = case((Allowance.free_at > now, Allowance.free_at), else_=now) + limit.seconds
    used = update(Allowance).where(Allowance.key == name, Allowance.free_at <= _latest(limit, now))
    result = db.session.execute(used.values(free_at=later), execution_options={"synchronize_session": False})
    db.session.commit()
    return result.rowcount == 1  # type: ignore[attr-defined, no-any-return]


def _begin(name: str, limit: Limit, now: int) -> bool:
    try:
        db.session.execute(insert(Allowance).values(key=name, free_at=now + limit.seconds))
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        return False
    return True


def _latest(limit: Limit, now: int) -> int:
    return now + limit.seconds * (limit.burst - 1)


def _key(kind: str, value: str) -> str:
    # Neither addresses nor names lie about in this table.
    return sha256(f"{kind}\0{value}".encode(errors="replace")).hexdigest()
