"""What people fill in to post."""

from flask_babel import lazy_gettext as _
from flask_babel import lazy_ngettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import Field, TextAreaField
from wtforms.validators import Length, ValidationError

from ..images.models import ALT_LENGTH
from ..models import BODY_LENGTH, POST_LENGTH
from ..plain_text import length, printable, tidy


class PostForm(FlaskForm):  # type: ignore[misc]
    """A new post."""

    body = TextAreaField(_("What is on your mind?"), filters=[tidy])
    image = FileField(
        _("Picture"), render_kw={"accept": "image/jpeg,image/png,image/webp,image/gif", "data-preview": True}
    )
    alt = TextAreaField(
        _("What the picture shows"),
        filters=[tidy],
        validators=[Length(max=ALT_LENGTH, message=_("At most %(max)d characters, please."))],
        description=_("Read to those who do not see it."),
        render_kw={"rows": 2},
    )

    def validate_body(self, field: Field) -> None:
        if not field.data and not self.image.data:
            raise ValidationError(_("Write something first."))
        if not printable(field.data):
            raise ValidationError(_("There are characters in it that nobody can read."))
        excess = length(field.data) - POST_LENGTH
        if excess > 0:
            raise ValidationError(
                lazy_ngettext(
                    "This is %(num)d character too long.", "This is %(num)d characters too long.", excess
                )
            )
        if len(field.data) > BODY_LENGTH:
            raise ValidationError(_("There are too many signs on top of each other."))

    def validate_alt(self, field: Field) -> None:
        if not printable(field.data):
            raise ValidationError(_("There are characters in it that nobody can read."))


class ReplyForm(PostForm):
    """An answer to a post."""

    body = TextAreaField(_("Your reply"), filters=[tidy])
