"""What goes into the API and what comes out: JSON Schemas, the same in the document and at the door."""

from typing import Any

from ..models import ABOUT_LENGTH, BODY_LENGTH, NAME_LENGTH
from ..pages import LARGEST_ID
from ..posts.threads import HIGHEST
from ..usernames import USERNAME_PATTERN
from .cursors import PATTERN as CURSOR_PATTERN

Schema = dict[str, Any]

MOST_ITEMS, ITEMS = 100, 25
LONGEST_TOKEN_DAYS, TOKEN_DAYS = 366, 90
SCOPES = ("read", "write")

# Neither control characters nor such as turn the text around; tidied before they are stored.
LINES = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202d\u202e\ue000-\uf8ff]*$"
LINE = r"^[^\u0000-\u001f\u007f-\u009f\u202d\u202e\ue000-\uf8ff]*$"


def obj(optional: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    """An object of exactly these properties."""
    required = [name for name in properties if name not in optional]
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": required} if required else {})


def ref(name: str) -> Schema:
    """A schema of the document by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def or_null(schema: Schema) -> Schema:
    """A value, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def page(name: str) -> Schema:
    """A page of a list."""
    path = TEXT | {"description": "The path of the next page; null on the last one."}
    return obj(items={"type": "array", "items": ref(name), "maxItems": MOST_ITEMS}, next=or_null(path))


TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
PIXELS: Schema = {"type": "integer", "minimum": 1}
ID: Schema = {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}
MOMENT: Schema = {"type": "string", "format": "date-time"}
USERNAME: Schema = {"type": "string", "pattern": f"^{USERNAME_PATTERN}$"}
SCOPE: Schema = {"type": "array", "items": {"enum": list(SCOPES)}, "minItems": 1, "uniqueItems": True}
TOKEN_NAME: Schema = {"type": "string", "minLength": 1, "maxLength": NAME_LENGTH, "pattern": LINE}

LIMIT: Schema = {"type": "integer", "minimum": 1, "maximum": MOST_ITEMS, "default": ITEMS}
CURSOR: Schema = {"type": "string", "pattern": CURSOR_PATTERN}
PAGE = {"limit": LIMIT, "cursor": CURSOR}

NAMED = {
    "username": USERNAME,
    "display_name": TEXT,
    "avatar_url": TEXT | {"description": "The path of a picture (SVG)."},
    "url": TEXT | {"description": "The path of the page for people."},
}

INPUT: dict[str, Schema] = {
    "NewPost": obj(
        ("in_reply_to",),
        body={
            "type": "string",
            "minLength": 1,
            "maxLength": BODY_LENGTH,
            "allOf": [{"pattern": r"\S"}, {"pattern": LINES}],
            "description": "At most 280 characters, as a person counts them.",
        },
        in_reply_to=ID | {"description": "The post that this one answers."},
    ),
    "ProfileChange": obj(
        ("display_name", "about"),
        display_name={"type": "string", "maxLength": NAME_LENGTH, "pattern": LINE},
        about={"type": "string", "maxLength": ABOUT_LENGTH, "pattern": LINES},
    ),
    "NewToken": obj(
        ("scopes", "expires_in_days"),
        name=TOKEN_NAME | {"description": "What the token is for."},
        scopes=SCOPE | {"default": ["read"]},
        expires_in_days={
            "type": "integer",
            "minimum": 1,
            "maximum": LONGEST_TOKEN_DAYS,
            "default": TOKEN_DAYS,
        },
    ),
}

OUTPUT: dict[str, Schema] = {
    "Document": {"type": "object"},
    "Start": obj(document=TEXT, page_for_people=TEXT),
    "Name": obj(**NAMED),
    "Person": obj(**NAMED, about=TEXT),
    "Relation": obj(following=FLAG, followed_by=FLAG, muted=FLAG, blocked=FLAG)
    | {"description": "What you and the person are to each other."},
    "Profile": obj(
        **NAMED,
        about=or_null(TEXT),
        created_at=or_null(MOMENT),
        last_seen=or_null(MOMENT),
        post_count=or_null(COUNT),
        follower_count=or_null(COUNT),
        following_count=or_null(COUNT),
        relation=or_null(ref("Relation")),
    )
    | {"description": "Of a person whom you block there is only the name. Without a token no relation."},
    "Hidden": obj(**NAMED, about=TEXT, muted=FLAG, blocked=FLAG),
    "Picture": obj(
        url=TEXT | {"description": "The path of the picture (WebP)."},
        width=PIXELS,
        height=PIXELS,
        alt=TEXT
        | {"description": "What is to be seen, for those who do not see it; empty where nobody said."},
    ),
    "Post": obj(
        id=ID,
        url=NAMED["url"],
        author=ref("Name"),
        body=TEXT | {"description": "Empty where there is a picture alone."},
        language=or_null(TEXT | {"description": "As in HTML; null where nobody knows."}),
        picture=or_null(ref("Picture")),
        created_at=MOMENT,
        in_reply_to=or_null(obj(id=ID, username=or_null(USERNAME))),
        mentions={"type": "array", "items": USERNAME},
        tags={"type": "array", "items": TEXT},
        reply_count=COUNT,
        repost_count=COUNT,
        like_count=COUNT,
        liked=FLAG,
        reposted=FLAG,
        reposted_by=or_null(obj(username=USERNAME, display_name=TEXT)),
    ),
    "Gap": obj(id=ID, gone={"const": True})
    | {"description": "In the place of a post that was deleted or is not for you; answers may hang on it."},
    "PostOrGap": {"anyOf": [ref("Post"), ref("Gap")]},
    "Thread": obj(items={"type": "array", "items": ref("PostOrGap"), "maxItems": HIGHEST})
    | {"description": "Of a longer thread the nearest; what is above them is the thread of the first."},
    "Token": obj(
        id=ID, name=TEXT, scopes=SCOPE, created_at=MOMENT, last_used=or_null(MOMENT), expires_at=MOMENT
    ),
    "Tokens": obj(items={"type": "array", "items": ref("Token")}),
    "IssuedToken": obj(
        id=ID,
        name=TEXT,
        scopes=SCOPE,
        created_at=MOMENT,
        last_used={"type": "null"},
        expires_at=MOMENT,
        token=TEXT | {"description": "The secret. It is told this once."},
    ),
    "Problem": obj(
        ("errors",),
        type=TEXT,
        title=TEXT,
        status={"type": "integer"},
        detail=TEXT,
        request_id=TEXT,
        errors={"type": "array", "items": obj(where=TEXT, detail=TEXT), "minItems": 1},
    )
    | {"description": "RFC 9457. `request_id` finds the request in the logs of the site."},
} | {f"{name}Page": page(name) for name in ("Person", "Hidden", "Post", "PostOrGap")}
