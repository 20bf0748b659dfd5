"""A notification in words, with the name of whoever did it as a link."""

from collections.abc import Callable

from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup, escape

from ..news import Kind
from .listing import Listed

# Stands for the link until the sentence is put together.
NAME = "\ufffc"

# fmt: off
SINGLE: dict[str, Callable[[], str]] = {
    Kind.FOLLOW: lambda: _("%(name)s follows you now", name=NAME),
    Kind.LIKE: lambda: _("%(name)s likes your post", name=NAME),
    Kind.REPOST: lambda: _("%(name)s reposted your post", name=NAME),
    Kind.REPLY: lambda: _("%(name)s answered you", name=NAME),
    Kind.MENTION: lambda: _("%(name)s named you", name=NAME),
    Kind.MESSAGE: lambda: _("%(name)s wrote to you", name=NAME),
}
SEVERAL: dict[str, Callable[[int], str]] = {
    Kind.LIKE: lambda others: ngettext(
        "%(name)s and %(num)s other like your post", "%(name)s and %(num)s others like your post",
        others, name=NAME,
    ),
    Kind.REPOST: lambda others: ngettext(
        "%(name)s and %(num)s other reposted your post", "%(name)s and %(num)s others reposted your post",
        others, name=NAME,
    ),
}
# fmt: on


def sentence(listed: Listed, url: str) -> Markup:
    """Ana and 2 others like your post; nothing for a kind of a later release."""
    if listed.others and listed.kind in SEVERAL:
        text = SEVERAL[listed.kind](listed.others)
    elif listed.kind in SINGLE:
        text = SINGLE[listed.kind]()
    else:
        text = NAME
    link = Markup('<a class="author" href="{}"><bdi>{}</bdi></a>').format(url, listed.name)
    return Markup(str(escape(text)).replace(NAME, str(link), 1))  # noqa: S704  # nosec B704 - both parts are escaped
