"""Which uploads are taken, and from whom."""

from typing import Any

from flask import Flask, request, session
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import func, insert, select

from .. import limits
from ..auth.signed_in import TOKEN, signed_in
from ..database import db
from ..limits import Limit
from ..models import Post, User
from . import pictures
from .models import Image, ImageFile
from .pictures import Picture

LARGEST_UPLOAD_BYTES = 6 * 1024 * 1024
# What the other fields of the form take beside the picture.
REST_OF_FORM_BYTES = 64 * 1024
WITH_UPLOADS = {"posts.create", "posts.reply"}
# Of one person: some at once, then 20 an hour; and all that is kept together.
UPLOADS = Limit(burst=20, seconds=180)
MOST_BYTES = 64 * 1024 * 1024


def init_app(app: Flask) -> None:
    """Let larger forms in where there may be a picture; before anything reads the form."""
    app.before_request(_allow_size)


def _allow_size() -> None:
    # Strangers have nothing to upload, so nothing of theirs is kept while it is looked at.
    if request.endpoint in WITH_UPLOADS and TOKEN in session:
        request.max_content_length = LARGEST_UPLOAD_BYTES + REST_OF_FORM_BYTES
        # The parser reads pieces of 64 KiB and counts what is left of the last one with each.
        request.max_form_memory_size = 3 * REST_OF_FORM_BYTES


def taken(form: FlaskForm) -> Picture | None:
    """The picture of a form, made harmless; None where there is none, or a bad one: then with an error.

    Raises TooManyRequests.
    """
    upload = form.image.data
    if not upload:
        return None
    limits.take("images by", str(signed_in().id), UPLOADS)
    if _bytes_of(signed_in()) >= MOST_BYTES:
        form.image.errors = [_("Your pictures fill all the space there is for one person. Delete some.")]
        return None
    # The connection is for others while the picture is worked on.
    db.session.commit()
    try:
        return pictures.reencoded(upload.read())
    except pictures.NoPicture:
        form.image.errors = [_("This is no picture that we can read. JPEG, PNG, WebP and GIF are fine.")]
    except pictures.TooLarge:
        form.image.errors = [_("This picture has too many pixels for us. Make it smaller and try again.")]
    return None


def store(post: Post, picture: Picture, alt: str) -> None:
    """Keep the picture of a post, in the caller's transaction."""
    columns: dict[str, Any] = {
        "post_id": post.id,
        "user_id": post.user_id,
        "digest": picture.digest,
        "width": picture.largest.width,
        "height": picture.largest.height,
        "alt": alt,
        "byte_count": picture.byte_count,
        "created_at": post.created_at,
    }
    db.session.execute(insert(Image).values(columns))
    for size in picture.sizes:
        db.session.execute(insert(ImageFile).values(post_id=post.id, width=size.width, content=size.content))


def _bytes_of(user: User) -> int:
    return db.session.scalar(select(func.sum(Image.byte_count)).where(Image.user_id == user.id)) or 0
