"""The audit trail: an entry for each act that somebody may have to answer for. It is only ever added to.

People and posts are numbers in it; a name is looked up when it is read, so those who left have none. Of an
address it keeps the network alone. Entries go when they are old, logins sooner than what people decided.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from flask import has_request_context, request
from sqlalchemy import Select, delete, event, select, union
from sqlalchemy.orm import aliased

from .database import db
from .models import User
from .oversight import AuditEntry
from .pages import LARGEST_ID, Page
from .times import now


class Act(StrEnum):
    """What can be done."""

    LOGIN = "login"
    LOGIN_FAILED = "login_failed"
    LOGIN_REFUSED = "login_refused"
    REGISTERED = "registered"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    PASSWORD_RESET = "password_reset"  # noqa: S105
    EMAIL_CHANGED = "email_changed"
    LEFT = "left"
    TOKEN_CREATED = "token_created"  # noqa: S105
    TOKEN_REVOKED = "token_revoked"  # noqa: S105
    ROLE_CHANGED = "role_changed"
    DISMISSED = "dismissed"
    POST_REMOVED = "post_removed"
    SUSPENDED = "suspended"
    SUSPENSION_LIFTED = "suspension_lifted"
    APPEALED = "appealed"
    APPEAL_DENIED = "appeal_denied"
    APPEAL_GRANTED = "appeal_granted"


LOGINS = (Act.LOGIN, Act.LOGIN_FAILED, Act.LOGIN_REFUSED)
LOGINS_KEPT = timedelta(days=90)
KEPT = timedelta(days=730)
# How much of an address is kept: enough to see that two acts came from the same place, or from far apart.
IPV4_BITS, IPV6_BITS = 24, 48

Actor = aliased(User, name="actor")
Subject = aliased(User, name="subject")


class AppendOnly(Exception):
    """Somebody tried to change or remove an entry."""


@dataclass(frozen=True)
class Shown:
    """An entry as a list shows it. A number without a name is somebody who left."""

    place: int
    created_at: datetime
    act: str
    actor_id: int | None
    actor: str | None
    subject_id: int | None
    subject: str | None
    case_id: int | None
    post_id: int | None
    words: str
    network: str


def record(
    act: Act,
    actor: User | None = None,
    subject: User | None = None,
    case_id: int | None = None,
    post_id: int | None = None,
    words: str = "",
) -> None:
    """Add an entry in the caller's transaction. Without an actor it was a stranger or the operator."""
    entry = AuditEntry(
        act=act,
        actor_id=actor.id if actor else None,
        subject_id=subject.id if subject else None,
        case_id=case_id,
        post_id=post_id,
        words=words,
        network=network(request.remote_addr) if has_request_context() else "",
    )
    db.session.add(entry)


def network(address: str | None) -> str:
    """The network of an address, 192.0.2.0/24 or 2001:db8::/48; empty for what is no address."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address):
        parsed = parsed.ipv4_mapped or parsed
    bits = IPV6_BITS if isinstance(parsed, IPv6Address) else IPV4_BITS
    return str(ip_network((parsed, bits), strict=False))


def entries(
    size: int, before: int = LARGEST_ID, act: str | None = None, person_id: int | None = None
) -> Page[Shown]:
    """Entries, the newest first: all, of one act, or by and about one person."""
    ids = (_chosen(column, person_id, act, before, size) for column in _columns(person_id))
    places = union(*ids).subquery("chosen")
    rows = db.session.execute(
        select(
            AuditEntry.id,
            AuditEntry.created_at,
            AuditEntry.act,
            AuditEntry.actor_id,
            Actor.username,
            AuditEntry.subject_id,
            Subject.username,
            AuditEntry.case_id,
            AuditEntry.post_id,
            AuditEntry.words,
            AuditEntry.network,
        )
        .join(places, places.c.id == AuditEntry.id)
        .outerjoin(Actor, Actor.id == AuditEntry.actor_id)
        .outerjoin(Subject, Subject.id == AuditEntry.subject_id)
        .order_by(AuditEntry.id.desc())
        .limit(size + 1)
    )
    return Page.of([Shown(*row) for row in rows], size)


def tidy() -> None:
    """Remove what is too old to be kept."""
    for old in (
        (AuditEntry.act.in_(LOGINS), AuditEntry.created_at < now() - LOGINS_KEPT),
        (AuditEntry.created_at < now() - KEPT,),
    ):
        db.session.execute(delete(AuditEntry).where(*old), execution_options={"synchronize_session": False})
    db.session.commit()


def _columns(person_id: int | None) -> Sequence[Any]:
    return (None,) if person_id is None else (AuditEntry.actor_id, AuditEntry.subject_id)


def _chosen(column: Any, person_id: int | None, act: str | None, before: int, size: int) -> Select[Any]:
    # Each is read out of its own index; two of them together are sorted, which is at most two pages.
    query = select(AuditEntry.id).where(AuditEntry.id < before)
    if column is not None:
        query = query.where(column == person_id)
    if act is not None:
        query = query.where(AuditEntry.act == act)
    return select(query.order_by(AuditEntry.id.desc()).limit(size + 1).subquery())


@event.listens_for(AuditEntry, "before_update")
@event.listens_for(AuditEntry, "before_delete")
def _refuse(*_arguments: Any) -> None:
    raise AppendOnly("Entries of the audit trail are neither changed nor removed.")
