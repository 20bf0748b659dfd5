"""The pictures themselves: to whoever sees the post, under an address that changes with the content."""

from flask import Blueprint, Response, abort, request
from flask.sansio.blueprints import BlueprintSetupState
from sqlalchemy import select

from ..auth.signed_in import person
from ..database import db
from ..models import Post
from ..pages import LARGEST_ID
from ..visibility import visible
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
    content = db.session.scalar(visible(wanted, person(), Post.user_id))
    if content is None:
        abort(404)
    response = Response(content, mimetype="image/webp")
    # It is a picture whatever a browser thinks of it, and opened by itself it may do nothing.
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Content-Disposition"] = f'inline; filename="post-{post_id}.webp"'
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = FOREVER_FOR_ONE if person() else FOREVER
    response.set_etag(digest)
    response.make_conditional(request)
    return response
