"""What people fill in to register and to log in."""

import re

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, Field, PasswordField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from .. import usernames
from ..mail.addresses import in_ascii
from ..models import EMAIL_LENGTH
from ..plain_text import printable, tidy
from .accounts import email_key
from .common_passwords import is_common

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 128
# One @, something on both sides, a dot in the host: the rest only a letter can tell.
# None of the characters that make an address a list or a comment.
EMAIL = re.compile(r"""[^@\s<>()\[\],;:\\"]{1,64}@[^@\s.<>()\[\],;:\\"]+(\.[^@\s.<>()\[\],;:\\"]+)+""")


def email_field() -> Field:
    """An address that could exist."""
    return EmailField(
        _("E-mail address"),
        filters=[tidy],
        validators=[
            InputRequired(_("Enter your e-mail address.")),
            Length(max=EMAIL_LENGTH, message=_("This address is too long.")),
            could_be_an_address,
        ],
        render_kw={"autocomplete": "email"},
    )


def could_be_an_address(_form: FlaskForm, field: Field) -> None:
    """Raises ValidationError for anything that no mail can be sent to."""
    if not EMAIL.fullmatch(field.data) or not printable(field.data):
        raise ValidationError(_("This is not an e-mail address."))
    try:
        in_ascii(field.data)
    except ValueError:
        raise ValidationError(_("We cannot send mail to this address.")) from None
    if len(email_key(field.data)) > EMAIL_LENGTH:
        raise ValidationError(_("This address is too long."))


def new_password_field(label: str) -> Field:
    """A password that nobody tries first."""
    return PasswordField(
        label,
        validators=[
            InputRequired(_("Choose a password.")),
            Length(
                SHORTEST_PASSWORD,
                LONGEST_PASSWORD,
                message=_("A password has between %(min)d and %(max)d characters."),
            ),
            uncommon,
        ],
        description=_("At least 8 characters. Three or four words are easy to remember and hard to guess."),
        render_kw={"autocomplete": "new-password"},
    )


def uncommon(_form: FlaskForm, field: Field) -> None:
    """Raises ValidationError for the passwords that are tried first."""
    if is_common(field.data):
        raise ValidationError(_("This password is among those that everybody tries first. Choose another."))


def password_field(label: str) -> Field:
    """The password one has."""
    return PasswordField(
        label,
        validators=[InputRequired(_("Enter your password."))],
        render_kw={"autocomplete": "current-password"},
    )


class RegisterForm(FlaskForm):  # type: ignore[misc]
    """A new account."""

    username = StringField(
        _("User name"),
        filters=[tidy],
        validators=[InputRequired(_("Choose a user name."))],
        description=_("3 to 32 letters, digits or underscores."),
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    email = email_field()
    password = new_password_field(_("Password"))

    def validate_username(self, field: Field) -> None:
        if not usernames.well_formed(field.data):
            raise ValidationError(_("A user name has 3 to 32 letters (a to z), digits or underscores."))
        if usernames.reserved(field.data):
            raise ValidationError(_("This user name is reserved."))


class LoginForm(FlaskForm):  # type: ignore[misc]
    """Who are you?"""

    identity = StringField(
        _("User name or e-mail address"),
        filters=[tidy],
        validators=[InputRequired(_("Enter your user name."))],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = password_field(_("Password"))
    remember = BooleanField(_("Remember me for 30 days"))
