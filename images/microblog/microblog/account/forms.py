"""What people fill in about their accounts; each asks who is there once more."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, ValidationError

from ..auth.forms import email_field, new_password_field, password_field
from ..models import NAME_LENGTH
from ..plain_text import printable, tidy


class PasswordForm(FlaskForm):  # type: ignore[misc]
    """Another password, for somebody who is logged in."""

    current = password_field(_("Your password now"))
    password = new_password_field(_("New password"))


class EmailForm(FlaskForm):  # type: ignore[misc]
    """Another address."""

    email = email_field()
    current = password_field(_("Your password"))


class TokenForm(FlaskForm):  # type: ignore[misc]
    """A token for a program."""

    name = StringField(
        _("What is it for?"),
        filters=[tidy],
        validators=[
            InputRequired(_("Say what it is for: later that tells you which to revoke.")),
            Length(max=NAME_LENGTH, message=_("At most %(max)d characters, please.")),
        ],
        render_kw={"autocomplete": "off"},
    )
    days = SelectField(
        _("How long is it good?"),
        choices=[
            SelectChoice(30, _("30 days")),
            SelectChoice(90, _("90 days")),
            SelectChoice(366, _("a year")),
        ],
        coerce=int,
        default=90,
    )
    writes = BooleanField(_("It may also write: post, follow and change your profile"))
    current = password_field(_("Your password"))

    def validate_name(self, field: Field) -> None:
        if not printable(field.data) or "\n" in field.data:
            raise ValidationError(_("There are characters in it that nobody can read."))


class LeaveForm(FlaskForm):  # type: ignore[misc]
    """The end of an account."""

    keep = BooleanField(_("Keep the file with my data until then"), default=True)
    current = password_field(_("Your password"))


class ForgottenForm(FlaskForm):  # type: ignore[misc]
    """Where to send a link."""

    email = email_field()


class ResetForm(FlaskForm):  # type: ignore[misc]
    """A password for somebody who has a link."""

    password = new_password_field(_("New password"))
