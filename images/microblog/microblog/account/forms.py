"""What people fill in about their accounts; each asks who is there once more."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField

from ..auth.forms import email_field, new_password_field, password_field


class PasswordForm(FlaskForm):  # type: ignore[misc]
    """Another password, for somebody who is logged in."""

    current = password_field(_("Your password now"))
    password = new_password_field(_("New password"))


class EmailForm(FlaskForm):  # type: ignore[misc]
    """Another address."""

    email = email_field()
    current = password_field(_("Your password"))


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
