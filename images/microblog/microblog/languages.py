"""Which language a page is in: the one chosen, else the best of what the browser asks for."""

import logging
from functools import lru_cache
from pathlib import Path

from babel import Locale, negotiate_locale
from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    has_request_context,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import Babel, get_locale, gettext, ngettext
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from .api_paths import asked_by_a_program
from .auth.signed_in import person
from .database import db
from .safe_url import same_site_path

TRANSLATIONS = Path(__file__).parent / "translations"
SOURCE_LANGUAGE = "en"

blueprint = Blueprint("languages", __name__)
log = logging.getLogger("microblog.languages")


def init_app(app: Flask) -> None:
    """Translate pages into whatever the translations folder holds."""
    app.config.update(
        BABEL_DEFAULT_LOCALE=SOURCE_LANGUAGE,
        BABEL_DEFAULT_TIMEZONE="UTC",
        BABEL_TRANSLATION_DIRECTORIES=str(TRANSLATIONS),
    )
    names = {code: own_name(code) for code in (SOURCE_LANGUAGE, *translated())}
    app.extensions["languages"] = names
    Babel(app, locale_selector=lambda: _selected(list(names)))
    app.context_processor(lambda: {"language": str(get_locale()), "languages": names})
    # Looking a text up takes long beside all else that a page does, and a page has dozens.
    remembered = lru_cache(maxsize=2048)(lambda _language, text: gettext(text))
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: remembered(str(get_locale()), text), ngettext, newstyle=True
    )
    app.after_request(_vary)
    missing = [code for code in translated() if not catalogue(code).with_suffix(".mo").exists()]
    if missing:
        log.warning(
            "No compiled catalogue for %s: run `flask --app microblog translations compile`.",
            ", ".join(missing),
        )


def translated() -> list[str]:
    """The languages there is a catalogue for."""
    return sorted(path.parent.parent.name for path in TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"))


def catalogue(code: str) -> Path:
    """The file a language is translated in."""
    return TRANSLATIONS / code / "LC_MESSAGES" / "messages.po"


def own_name(code: str) -> str:
    """What a language calls itself: Español."""
    name = Locale.parse(code).get_language_name(code) or code
    return name[:1].upper() + name[1:]


@blueprint.get("/language")
def choices() -> str:
    """The languages to choose from; a page of its own, so that other pages need no token for strangers."""
    return render_template("language.html", target=same_site_path(request.args.get("next")))


@blueprint.post("/language")
def choose() -> ResponseReturnValue:
    """Remember the choice in the session, and for mail to whoever is logged in."""
    chosen = request.form.get("language", "")
    if chosen not in current_app.extensions["languages"]:
        abort(400)
    session["language"] = chosen
    reader = person()
    if reader:
        reader.language = chosen
        db.session.commit()
    return redirect(same_site_path(request.form.get("next")) or url_for("posts.home"), 303)


def _selected(codes: list[str]) -> str:
    # An operator on the command line, or a program, has no language that would be the reader's.
    if not has_request_context() or asked_by_a_program():
        return SOURCE_LANGUAGE
    chosen = session.get("language")
    if chosen in codes:
        return str(chosen)
    return _best(request.headers.get("Accept-Language", ""), tuple(codes))


@lru_cache(maxsize=256)
def _best(accept_language: str, codes: tuple[str, ...]) -> str:
    # In the browser's order: es-MX before en means Spanish, though only "en" is there to the letter.
    accepted = parse_accept_header(accept_language, LanguageAccept)
    asked = [code.replace("-", "_") for code, quality in accepted if quality > 0]
    return negotiate_locale(asked, codes) or SOURCE_LANGUAGE


def _vary(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.vary.add("Accept-Language")
    return response
