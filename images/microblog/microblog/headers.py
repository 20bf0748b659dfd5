"""Headers that tell a browser what a page may do and who may keep a copy of it."""

from flask import Flask, Response, request, session

SECURITY = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "style-src 'self'",
            "script-src 'self'",
            "img-src 'self'",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# Whoever came by https once comes by nothing else for a year.
ONLY_HTTPS = "max-age=31536000"
PRIVATE = "private, no-store"
# A page without a session holds nothing personal: nginx may keep it for a second, a browser asks again.
PUBLIC_PAGE = "public, max-age=0, s-maxage=1"


def init_app(app: Flask) -> None:
    """Add the headers to every response."""
    app.after_request(_add)


def _add(response: Response) -> Response:
    there = {name for name, _ in response.headers}
    for name, value in SECURITY.items():
        if name not in there:
            response.headers.add(name, value)
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = ONLY_HTTPS
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = PUBLIC_PAGE if _is_for_everyone(response) else PRIVATE
    return response


def _is_for_everyone(response: Response) -> bool:
    return request.method in {"GET", "HEAD"} and response.status_code == 200 and not session
