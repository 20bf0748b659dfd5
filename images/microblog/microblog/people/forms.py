"""What people fill in about themselves."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import Field, StringField, TextAreaField
from wtforms.validators import Length, ValidationError

from ..models import ABOUT_LENGTH, NAME_LENGTH
from ..plain_text import printable, tidy


class ProfileForm(FlaskForm):  # type: ignore[misc]
    """A name and a few words."""

    display_name = StringField(
        _("Name"),
        filters=[tidy],
        validators=[Length(max=NAME_LENGTH, message=_("At most %(max)d characters, please."))],
        description=_("Shown in place of your user name. May be left empty."),
        render_kw={"autocomplete": "name"},
    )
    about = TextAreaField(
        _("About you"),
        filters=[tidy],
        validators=[Length(max=ABOUT_LENGTH, message=_("At most %(max)d characters, please."))],
        render_kw={"rows": 4},
    )

    def validate_display_name(self, field: Field) -> None:
        if not printable(field.data) or "\n" in field.data:
            raise ValidationError(_("There are characters in it that nobody can read."))

    def validate_about(self, field: Field) -> None:
        if not printable(field.data):
            raise ValidationError(_("There are characters in it that nobody can read."))
