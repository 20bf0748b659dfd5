"""What an export holds: one table, a row for each list. Whoever adds a kind of data adds a row here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import Row, Select, func, or_, select
from sqlalchemy.orm import aliased

from ..database import db
from ..images.models import Image
from ..inbox import Message, Notification, Participant
from ..models import Follow, Post, SignIn, User
from ..moderation.cases import Outcome
from ..news import TAKEN_BACK
from ..oversight import Case, Report
from ..ties import Hidden, Like, Repost
from ..visibility import not_hidden_from, visible

PAGE = 200
Author = aliased(User, name="author")


@dataclass(frozen=True)
class Section:
    """A list of an export: its file, what people call it, and how its rows are found and written."""

    file: str
    title: Any
    # Rows of one person, with the column `place` that orders them.
    query: Callable[[User], Select[Any]]
    place: Any
    # One row as ActivityStreams has it, or as near as it comes.
    item: Callable[[Row[Any]], dict[str, Any]]

    def count(self, user: User) -> int:
        """How many rows there are now."""
        return db.session.scalar(select(func.count()).select_from(self.query(user).subquery())) or 0

    def pages(self, user: User) -> Iterator[list[Row[Any]]]:
        """All rows, the oldest first, in lists that fit into memory; no transaction stays open between."""
        last = 0
        while True:
            wanted = self.query(user).where(self.place > last).order_by(self.place).limit(PAGE)
            rows = list(db.session.execute(wanted))
            db.session.commit()
            if rows:
                last = rows[-1].place
                yield rows
            if len(rows) < PAGE:
                return


def moment(value: Any) -> str:
    """A moment in UTC: 2026-11-23T04:46:00Z."""
    return f"{value:%Y-%m-%dT%H:%M:%SZ}"


def post_path(post_id: int) -> str:
    """Where a post is on the site."""
    return f"/posts/{post_id}"


def person_path(username: str) -> str:
    """Where a person is on the site."""
    return f"/people/{username}"


def picture_file(post_id: int) -> str:
    """Where the picture of a post is in the export."""
    return f"images/{post_id}.webp"


def posts(user: User) -> Select[Any]:
    """What the person wrote, with pictures."""
    post = (Post.id.label("place"), Post.body, Post.created_at, Post.parent_id, Post.language)
    return (
        _select(*post, Image.width, Image.height, Image.alt)
        .outerjoin(Image, Image.post_id == Post.id)
        .where(Post.user_id == user.id)
    )


def _select(*columns: Any) -> Select[Any]:
    return select(*columns)


def _note(row: Row[Any]) -> dict[str, Any]:
    note = {
        "type": "Note",
        "id": post_path(row.place),
        "published": moment(row.created_at),
        "content": row.body,
        "mediaType": "text/plain",
    }
    if row.language:
        note["contentMap"] = {row.language: row.body}
    if row.parent_id:
        note["inReplyTo"] = post_path(row.parent_id)
    if row.width:
        note["attachment"] = [
            {
                "type": "Image",
                "mediaType": "image/webp",
                "url": picture_file(row.place),
                "name": row.alt,
                "width": row.width,
                "height": row.height,
            }
        ]
    return note


def _reactions(tie: type[Like] | type[Repost]) -> Callable[[User], Select[Any]]:
    # What others wrote stays theirs: only where it is and who wrote it.
    def query(user: User) -> Select[Any]:
        wanted = (
            _select(tie.id.label("place"), tie.post_id, tie.created_at, Author.username)
            .join(Post, Post.id == tie.post_id)
            .join(Author, Author.id == Post.user_id)
            .where(tie.user_id == user.id)
        )
        return visible(wanted, user, Post.user_id)

    return query


def _reaction(kind: str) -> Callable[[Row[Any]], dict[str, Any]]:
    def item(row: Row[Any]) -> dict[str, Any]:
        return {
            "type": kind,
            "published": moment(row.created_at),
            "object": post_path(row.post_id),
            "attributedTo": person_path(row.username),
        }

    return item


def _following(user: User) -> Select[Any]:
    person = (User.username, User.display_name)
    wanted = _select(Follow.followed_id.label("place"), Follow.created_at, *person)
    wanted = wanted.join(User, User.id == Follow.followed_id).where(Follow.follower_id == user.id)
    return visible(wanted, user, Follow.followed_id)


def _followers(user: User) -> Select[Any]:
    person = (User.username, User.display_name)
    wanted = _select(Follow.follower_id.label("place"), Follow.created_at, *person)
    wanted = wanted.join(User, User.id == Follow.follower_id).where(Follow.followed_id == user.id)
    return visible(wanted, user, Follow.follower_id)


def _follow(row: Row[Any]) -> dict[str, Any]:
    return {
        "type": "Person",
        "id": person_path(row.username),
        "preferredUsername": row.username,
        "name": row.display_name or row.username,
        "published": moment(row.created_at),
    }


def _hidden(user: User) -> Select[Any]:
    # Whom the person hides; never who hides the person.
    wanted = _select(Hidden.author_id.label("place"), Hidden.mutes, Hidden.blocks, User.username)
    wanted = wanted.join(User, User.id == Hidden.author_id)
    return wanted.where(Hidden.reader_id == user.id, or_(Hidden.mutes, Hidden.blocks))


def _hiding(row: Row[Any]) -> dict[str, Any]:
    kinds = [kind for kind, is_so in (("Mute", row.mutes), ("Block", row.blocks)) if is_so]
    return {"type": kinds, "object": person_path(row.username)}


def _logins(user: User) -> Select[Any]:
    columns = (SignIn.id.label("place"), SignIn.user_agent, SignIn.created_at, SignIn.last_used)
    return _select(*columns).where(SignIn.user_id == user.id)


def _login(row: Row[Any]) -> dict[str, Any]:
    return {
        "type": "Login",
        "userAgent": row.user_agent,
        "published": moment(row.created_at),
        "lastUsed": moment(row.last_used),
    }


def _messages(user: User) -> Select[Any]:
    # Both sides of a conversation, as the person has it.
    columns = (Message.id.label("place"), Message.body, Message.created_at, Message.conversation_id)
    wanted = _select(*columns, User.username).join(User, User.id == Message.sender_id)
    mine = (Participant.conversation_id == Message.conversation_id) & (Participant.user_id == user.id)
    wanted = wanted.join(Participant, mine).where(Message.id > Participant.deleted_to)
    # With whoever blocks, or is blocked, only one's own are left. What the suspended wrote to one stays.
    return wanted.where(not_hidden_from(user, Message.sender_id))


def _message(row: Row[Any]) -> dict[str, Any]:
    return {
        "type": "Note",
        "context": f"/messages/{row.conversation_id}",
        "attributedTo": person_path(row.username),
        "published": moment(row.created_at),
        "content": row.body,
        "mediaType": "text/plain",
    }


def _notifications(user: User) -> Select[Any]:
    news = (Notification.id.label("place"), Notification.kind, Notification.post_id, Notification.created_at)
    wanted = _select(*news, User.username).join(User, User.id == Notification.actor_id)
    told = wanted.where(Notification.user_id == user.id, Notification.kind.not_in(TAKEN_BACK.values()))
    return visible(told, user, Notification.actor_id)


def _notification(row: Row[Any]) -> dict[str, Any]:
    return {
        "type": row.kind.title(),
        "actor": person_path(row.username),
        "published": moment(row.created_at),
        **({"object": post_path(row.post_id)} if row.post_id else {}),
    }


def _reports(user: User) -> Select[Any]:
    # What the person said; the reported post is its author's.
    case = (Case.post_id, User.username)
    wanted = _select(Report.id.label("place"), Report.reason, Report.words, Report.created_at, *case)
    wanted = wanted.join(Case, Case.id == Report.case_id).join(User, User.id == Case.subject_id)
    return wanted.where(Report.reporter_id == user.id, not_hidden_from(user, Case.subject_id))


def _report(row: Row[Any]) -> dict[str, Any]:
    return {
        "type": "Flag",
        "published": moment(row.created_at),
        "object": post_path(row.post_id) if row.post_id else person_path(row.username),
        "summary": row.reason,
        "content": row.words,
    }


def _decisions(user: User) -> Select[Any]:
    # As much as the person was told: nobody's report, and nothing of a case that was dismissed.
    columns = (Case.body, Case.outcome, Case.reason, Case.until, Case.decided_at, Case.appeal, Case.answer)
    told = (Outcome.REMOVED, Outcome.SUSPENDED, Outcome.LIFTED)
    wanted = _select(Case.id.label("place"), *columns)
    return wanted.where(Case.subject_id == user.id, Case.outcome.in_(told))


def _decision(row: Row[Any]) -> dict[str, Any]:
    return {
        "type": "Decision",
        "published": moment(row.decided_at),
        "outcome": row.outcome,
        "summary": row.reason,
        "endTime": moment(row.until) if row.until else None,
        "content": row.body,
        "appeal": row.appeal,
        "answer": row.answer,
    }


POSTS = Section("posts.json", _("Posts"), posts, Post.id, _note)
SECTIONS = (
    POSTS,
    Section("reposts.json", _("Reposts"), _reactions(Repost), Repost.id, _reaction("Announce")),
    Section("likes.json", _("Likes"), _reactions(Like), Like.id, _reaction("Like")),
    Section("following.json", _("People you follow"), _following, Follow.followed_id, _follow),
    Section("followers.json", _("People who follow you"), _followers, Follow.follower_id, _follow),
    Section("messages.json", _("Messages"), _messages, Message.id, _message),
    Section("notifications.json", _("Notifications"), _notifications, Notification.id, _notification),
    Section("hidden.json", _("Blocked and muted people"), _hidden, Hidden.author_id, _hiding),
    Section("logins.json", _("Where you are logged in"), _logins, SignIn.id, _login),
    Section("reports.json", _("What you reported"), _reports, Report.id, _report),
    Section("decisions.json", _("Decisions about you"), _decisions, Case.id, _decision),
)
