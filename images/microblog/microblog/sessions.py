"""The session: a signed cookie, and a token of it in every form."""

from datetime import timedelta
from hashlib import sha256

from flask import Flask, Request, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_wtf import CSRFProtect
from itsdangerous import Signer, URLSafeTimedSerializer

from .api_paths import asked_by_a_program

REMEMBERED = timedelta(days=30)

csrf = CSRFProtect()

# Their own choice is SHA-1: this is for what Flask-WTF signs, and for all that asks itsdangerous itself.
Signer.default_digest_method = staticmethod(sha256)


def cookie_name(name: str) -> str:
    """What a cookie is called: by https so that a browser takes it from this very host alone, over TLS.

    With the prefix (draft-ietf-httpbis-rfc6265bis, 4.1.3.2) no neighbour under the same domain can set it.
    """
    return f"__Host-{name}" if request.is_secure else name


class HttpsAwareSessions(SecureCookieSessionInterface):
    """Marks the cookie Secure whenever the person came by https; programs have no cookie."""

    digest_method = staticmethod(sha256)

    def get_cookie_name(self, app: Flask) -> str:
        return cookie_name(super().get_cookie_name(app))

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        # An application has its keys from the start.
        known: URLSafeTimedSerializer | None = app.extensions.get("session_signer")
        if known is None:
            known = app.extensions["session_signer"] = super().get_signing_serializer(app)
        return known

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        # None makes a session that is empty and cannot be written.
        return None if asked_by_a_program() else super().open_session(app, request)

    def get_cookie_secure(self, _app: Flask) -> bool:
        return request.is_secure


def init_app(app: Flask) -> None:
    """Set up the cookie and demand a token with every POST."""
    app.session_interface = HttpsAwareSessions()
    app.config.update(
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # "Remember me" makes the session permanent; it is prolonged whenever the person is seen.
        PERMANENT_SESSION_LIFETIME=REMEMBERED,
        SESSION_REFRESH_EACH_REQUEST=False,
        # A form left open overnight must still work: the token lives as long as the session it belongs to.
        WTF_CSRF_TIME_LIMIT=None,
        # Privacy tools strip the Referer; the token decides.
        WTF_CSRF_SSL_STRICT=False,
        # Every message a form can show is written in the form and translated with the rest.
        WTF_I18N_ENABLED=False,
    )
    csrf.init_app(app)
