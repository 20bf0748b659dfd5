"""What is asked before an export."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm

from ..auth.forms import password_field


class ExportForm(FlaskForm):  # type: ignore[misc]
    """All of somebody's data: only for whoever knows the password."""

    current = password_field(_("Your password"))
