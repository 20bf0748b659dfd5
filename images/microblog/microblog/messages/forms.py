"""What people fill in to write to somebody."""

from flask_babel import lazy_gettext as _
from flask_babel import lazy_ngettext
from flask_wtf import FlaskForm
from wtforms import Field, TextAreaField
from wtforms.validators import ValidationError

from ..inbox import MESSAGE_LENGTH, MESSAGE_STORAGE_LENGTH
from ..plain_text import length, printable, tidy


class MessageForm(FlaskForm):  # type: ignore[misc]
    """A message to one person."""

    body = TextAreaField(_("Your message"), filters=[tidy])

    def validate_body(self, field: Field) -> None:
        if not field.data:
            raise ValidationError(_("Write something first."))
        if not printable(field.data):
            raise ValidationError(_("There are characters in it that nobody can read."))
        excess = length(field.data) - MESSAGE_LENGTH
        if excess > 0:
            raise ValidationError(
                lazy_ngettext(
                    "This is %(num)d character too long.", "This is %(num)d characters too long.", excess
                )
            )
        if len(field.data) > MESSAGE_STORAGE_LENGTH:
            raise ValidationError(_("There are too many signs on top of each other."))
