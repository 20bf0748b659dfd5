"""People and posts as programs get them."""

from datetime import datetime
from typing import Any

from ..models import ApiToken
from ..pages import Entry
from ..people.acquaintance import Acquaintance, Listed
from ..posts import links

Content = dict[str, Any]


def name(username: str, display_name: str) -> Content:
    """What stands at every mention of a person."""
    return {
        "username": username,
        "display_name": display_name or username,
        "avatar_url": f"/avatars/{username}.svg",
        "url": f"/people/{username}",
    }


def listed(person: Listed) -> Content:
    """A person in a list."""
    return name(person.username, person.display_name) | {"about": person.about}


def hidden(person: Listed) -> Content:
    """A person in the list of those whom one blocks or mutes."""
    return listed(person) | {"muted": bool(person.mutes), "blocked": bool(person.blocks)}


def profile(row: Any, relation: Content | None = None) -> Content:
    """Everything about a person; the row has the columns of `User` by their names."""
    return name(row.username, row.display_name) | {
        "about": row.about,
        "created_at": row.created_at.isoformat(),
        "last_seen": row.last_seen.isoformat(),
        "post_count": row.post_count,
        "follower_count": row.follower_count,
        "following_count": row.following_count,
        "relation": relation,
    }


def known(known: Acquaintance) -> Content:
    """A person as a reader knows them."""
    relation = {
        "following": bool(known.is_followed),
        "followed_by": bool(known.follows_back),
        "muted": bool(known.mutes),
        "blocked": bool(known.blocks),
    }
    content = profile(known.user, relation) | {
        "follower_count": known.follower_count,
        "following_count": known.following_count,
    }
    if known.blocks:
        kept = {*name("", ""), "relation"}
        return {key: value if key in kept else None for key, value in content.items()}
    return content


def post(entry: Entry) -> Content:
    """A post as a list shows it."""
    mentions, tags = links.words(entry.body or "", entry.links)
    return {
        "id": entry.id,
        "url": f"/posts/{entry.id}",
        "author": name(entry.username, entry.display_name),
        "body": entry.body,
        "language": entry.language,
        "picture": _picture(entry),
        "created_at": moment(entry.created_at),
        "in_reply_to": {"id": entry.parent_id, "username": entry.answers} if entry.parent_id else None,
        "mentions": mentions,
        "tags": tags,
        "reply_count": entry.reply_count,
        "repost_count": entry.repost_count,
        "like_count": entry.like_count,
        "liked": bool(entry.liked),
        "reposted": bool(entry.reposted),
        "reposted_by": _reposter(entry),
    }


def post_or_gap(entry: Entry) -> Content:
    """A post in a thread, where one that is gone has a place."""
    return {"id": entry.id, "gone": True} if entry.body is None else post(entry)


def token(token: ApiToken) -> Content:
    """A token, without its secret."""
    return {
        "id": token.id,
        "name": token.name,
        "scopes": token.scopes.split(),
        "created_at": moment(token.created_at),
        "last_used": moment(token.last_used),
        "expires_at": moment(token.expires_at),
    }


def moment(then: datetime | None) -> str | None:
    """A moment as RFC 3339 writes it."""
    return then.isoformat() if then else None


def _picture(entry: Entry) -> Content | None:
    if entry.picture is None:
        return None
    return {
        "url": f"/images/{entry.id}/{entry.picture}-{entry.picture_width}.webp",
        "width": entry.picture_width,
        "height": entry.picture_height,
        "alt": entry.picture_alt,
    }


def _reposter(entry: Entry) -> Content | None:
    if entry.reposter is None:
        return None
    return {"username": entry.reposter, "display_name": entry.reposter_name}
