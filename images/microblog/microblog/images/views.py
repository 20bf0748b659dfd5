"""The pictures themselves: to whoever sees the post, under an address that changes with the content."""

from flask import Blueprint, Response, abort, request
from flask.sansio.blueprints import BlueprintSetupState
from sqlalchemy import ColumnElement, exists, or_, select

from ..auth.signed_in import person
from ..database import db
from ..models import Post, User
from ..pages import LARGEST_ID
from ..roles import Role, moderated_by, role_of
from ..visibility import seen_by
from .models import Image, ImageFile
from .reencode import SMALL_WIDTH

# A browser keeps it for good; whoever stands between asks again, so that a deleted picture is gone.
FOREVER = "public, max-age=31536000, immutable, s-maxage=1"
FOREVER_FOR_ONE = "private, max-age=31536000, immutable"

blueprint = Blueprint("images", __name__)


@blueprint.record_once
def _tell_templates(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals["small_width"] = SMALL_WIDTH


@blueprint.get(f"/images/<int(max={LARGEST_ID}):post_id>/<digest>-<int(max=9999):width>.webp")
def image(post_id: int, digest: str, width: int) -> Response:
    """A picture in one width."""
    wanted = (
        select(ImageFile.content)
        .join(Image, Image.post_id == ImageFile.post_id)
        .join(Post, Post.id == Image.post_id)
        .where(ImageFile.post_id == post_id, ImageFile.width == width, Image.digest == digest)
    )
    content = db.session.scalar(wanted.where(_shown_to(person())))
    if content is None:
        abort(404)
    caching = FOREVER_FOR_ONE if person() else FOREVER
    return file(content, f"post-{post_id}.webp", digest, caching)


def file(content: bytes, name: str, tag: str, caching: str) -> Response:
    """A picture, and nothing but a picture."""
    response = Response(content, mimetype="image/webp")
    # It is a picture whatever a browser thinks of it, and opened by itself it may do nothing.
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = caching
    response.set_etag(tag)
    response.make_conditional(request)
    return response


def _shown_to(reader: User | None) -> ColumnElement[bool]:
    """Whoever sees the author, and who may have to decide about them."""
    seen = seen_by(reader, Post.user_id)
    if reader is None or role_of(reader) < Role.MODERATOR:
        return seen
    return or_(seen, exists().where(User.id == Post.user_id, moderated_by(reader)))
