"""What a person sees when something does not work: what happened, what to do, and the request's id."""

import logging

from flask import Flask, Response, flash, g, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError
from werkzeug.exceptions import (
    HTTPException,
    InternalServerError,
    NotFound,
    ServiceUnavailable,
    TooManyRequests,
)

from . import database, patience
from .api import problems
from .api_paths import asked_by_a_program
from .auth.signed_in import person, person_now
from .database import db
from .leavers import HasLeft

DatabaseTrouble = (DBAPIError, PoolTimeout)

log = logging.getLogger("microblog.errors")

TRY_AGAIN_SECONDS = 5
FORM_EXPIRED = (_("The form has expired"), _("Go back, reload the page and send it again."))
UNEXPECTED = (_("That did not work"), _("Go back and try something else."))
TEXTS = {
    400: (_("We did not understand that"), _("Something in the address or the form is not as it should be.")),
    403: (_("That is not yours"), _("You may look at this, but not change it.")),
    404: (_("There is nothing here"), _("The page was deleted, or the address has a typing error.")),
    405: (_("That is not how it works"), _("This address is for a form. Go back and use the button.")),
    410: (_("This link is not good any more"), _("It was used, it is too old, or it is not complete.")),
    413: (_("That is too much"), _("What you sent is larger than we accept.")),
    429: (_("Too many at once"), _("Please wait a moment and try again.")),
    500: (_("Something broke on our side"), _("It has been written down. Please try again later.")),
    503: (
        _("We will be right back"),
        _("Please try again in a moment. What you sent may not have been saved."),
    ),
}


def init_app(app: Flask) -> None:
    """Show every error on a page of our own."""
    app.register_error_handler(HTTPException, _expected)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(IntegrityError, _refused)
    app.register_error_handler(PoolTimeout, _database)
    app.register_error_handler(HasLeft, _left)
    # Of a person that a request has loaded; nothing else that is looked at or changed so is ever removed.
    app.register_error_handler(StaleDataError, _left)
    app.register_error_handler(ObjectDeletedError, _left)


def _expected(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:  # a redirect is an exception too
        return make_response(error.get_response())
    if asked_by_a_program():
        return problems.answer(error)
    page = patience.kept_page(error) if isinstance(error, TooManyRequests) else None
    response = make_response(page or _page(error, error.code), error.code)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    response.headers["Cache-Control"] = "no-store"
    return response


def _left(_error: Exception) -> ResponseReturnValue:
    db.session.rollback()
    if asked_by_a_program() or person_now():
        return _expected(NotFound())
    flash(gettext("Please log in first."))
    return redirect(url_for("auth.login"), 303)


def _refused(error: IntegrityError) -> ResponseReturnValue:
    # What belongs to somebody cannot be stored once they have left.
    known = g.get("sign_in")
    db.session.rollback()
    return _left(error) if known and not person_now() else _database(error)


def _page(error: HTTPException, code: int) -> str:
    title, text = _texts(error, code)
    g.without_person = code >= 500 or not _person_is_known()
    return render_template("error.html", code=code, title=title, text=text, request_id=g.request_id)


def _texts(error: HTTPException, code: int) -> tuple[str, str]:
    if isinstance(error, CSRFError):
        return FORM_EXPIRED
    title, text = TEXTS.get(code, UNEXPECTED)
    if isinstance(error, TooManyRequests):
        text = patience.when(error) or text
    return title, text


def _person_is_known() -> bool:
    # A page that is not there must say so also while the database, which knows the reader, is gone.
    try:
        person()
    except DatabaseTrouble:
        return False
    return True


def _database(error: DBAPIError | PoolTimeout) -> Response:
    if isinstance(error, DBAPIError) and not database.out_of_service(error):
        log.error("The database refused a statement.", exc_info=error)
        return _expected(InternalServerError())
    cause = database.reason(error) if isinstance(error, DBAPIError) else "every connection is in use"
    log.error("The database is out of service: %s", cause)
    return _expected(ServiceUnavailable(retry_after=TRY_AGAIN_SECONDS))
