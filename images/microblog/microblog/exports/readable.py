"""The page of an export that a person reads: one file that needs nothing but the pictures beside it."""

from collections.abc import Iterable, Iterator
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import Row

from ..models import User
from ..times import absolute_text, now
from .sections import picture_file

STYLE = """
:root { color-scheme: light dark; }
body { max-width: 42rem; margin: 0 auto; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; }
article { padding: .75rem 0; border-top: 1px solid #8884; overflow-wrap: anywhere; }
article p { margin: 0; white-space: pre-line; }
time { color: GrayText; font-size: .875rem; }
img { max-width: 100%; height: auto; margin-top: .5rem; border-radius: 8px; }
"""
HEAD = Markup("""<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<h1>{title}</h1>
<p><strong>{name}</strong> (@{username}), {email}</p>
<p>{about}</p>
<p>{made}</p>
<ul>
""")
LIST = Markup('<li><a href="{file}">{title}</a>: {number}</li>\n')
POST = Markup('<article id="post-{id}"><time datetime="{iso}">{moment}</time><p dir="auto"{lang}>{body}</p>')
PICTURE = Markup('<img src="{file}" width="{width}" height="{height}" alt="{alt}" loading="lazy">')


def parts(
    user: User, lists: Iterable[tuple[str, str, int]], posts: Iterable[Row[Any]], title: str
) -> Iterator[Markup]:
    """The page from top to bottom, in the language of the context."""
    language = str(get_locale())
    yield HEAD.format(
        language=language.replace("_", "-"),
        title=title,
        style=STYLE,
        name=user.name,
        username=user.username,
        email=user.email,
        about=user.about,
        made=_("Made on %(moment)s.", moment=absolute_text(language, now())),
    )
    for file, name, number in lists:
        yield LIST.format(file=file, title=name, number=number)
    yield Markup("</ul>\n<h2>{}</h2>\n").format(_("Posts"))
    for post in posts:
        yield _post(post, language)
    yield Markup("</body>\n</html>\n")


def _post(post: Row[Any], language: str) -> Markup:
    text = POST.format(
        id=post.place,
        iso=post.created_at.isoformat(),
        moment=absolute_text(language, post.created_at),
        lang=Markup(' lang="{}"').format(post.language) if post.language else "",
        body=post.body,
    )
    if post.width:
        text += PICTURE.format(
            file=picture_file(post.place), width=post.width, height=post.height, alt=post.alt
        )
    return text + Markup("</article>\n")
