"""Headers, cookies and static files."""

import hashlib
import re
from pathlib import Path

import pytest

import microblog
from microblog.assets import hashed_name

STATIC = Path(microblog.__file__).parent / "static"
PATHS = ["/explore", "/login", "/healthz", "/metrics", "/static/style.css", "/avatars/alice.svg", "/nothing"]


@pytest.mark.parametrize("path", PATHS)
def test_every_response_says_what_a_browser_may_do(browser, path):
    headers = browser.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    for kind in ("style-src", "script-src", "img-src", "font-src", "connect-src", "form-action"):
        assert policy[kind] == "'self'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "geolocation=()" in headers["Permissions-Policy"]


@pytest.mark.parametrize(
    "path", ["/", "/explore", "/people/alice", "/profile/edit", "/login", "/register", "/language"]
)
def test_pages_hold_nothing_inline_and_nothing_foreign(somebody, browser, path):
    alice = somebody("alice")
    alice.write("hello")
    for who in (alice, browser):
        response = who.get(path, follow_redirects=True)
        assert response.status_code == 200
        assert not re.search(r"<style|<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=|javascript:", response.text)
        assert not re.search(r'(?:src|href|action)="(?!/|#|\?)', response.text)
        assert not re.search(r'(?:src|href|action)="//', response.text)


def test_no_template_has_anything_inline(app):
    inline = re.compile(r"<style|<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)
    names = app.jinja_env.list_templates(extensions=["html"])
    assert len(names) > 50
    for name in names:
        assert not inline.search(app.jinja_env.loader.get_source(app.jinja_env, name)[0]), name


@pytest.mark.parametrize("path", PATHS)
def test_a_text_says_its_character_set(browser, path):
    kind = browser.get(path).headers["Content-Type"]
    assert kind.startswith(("text/", "image/svg+xml", "application/json"))
    assert kind.endswith("; charset=utf-8") is (kind != "application/json")


def test_only_pages_without_a_session_may_be_kept(somebody, browser):
    assert browser.get("/explore").headers["Cache-Control"] == "public, max-age=0, s-maxage=1"
    assert "Set-Cookie" not in browser.get("/explore").headers
    assert somebody("alice").get("/explore").headers["Cache-Control"] == "private, no-store"
    assert browser.get("/login").headers["Cache-Control"] == "private, no-store"
    browser.post("/language", {"language": "es"})
    assert browser.get("/explore").headers["Cache-Control"] == "private, no-store"


def test_pages_differ_by_cookie_and_language(browser):
    assert {"Cookie", "Accept-Language"} <= set(browser.get("/explore").vary)


@pytest.mark.parametrize(("scheme", "secure"), [("https", True), ("http", False), ("https, http", False)])
def test_behind_https_the_cookie_is_secure_and_the_browser_comes_by_nothing_else(client, scheme, secure):
    headers = client.get("/login", headers={"X-Forwarded-Proto": scheme}).headers
    cookie = headers["Set-Cookie"]
    assert ("; Secure" in cookie) is secure
    assert ("Strict-Transport-Security" in headers) is secure
    assert "; HttpOnly" in cookie
    assert "; SameSite=Lax" in cookie


@pytest.mark.parametrize("name", sorted(path.name for path in STATIC.iterdir()))
def test_a_static_file_has_a_name_made_of_its_content(browser, name):
    stem, suffix = name.rsplit(".", 1)
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:8]
    hashed = browser.get(f"/static/{stem}.{digest}.{suffix}")
    assert hashed.status_code == 200
    assert hashed.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    plain = browser.get(f"/static/{name}")
    assert plain.headers["Cache-Control"] == "public, max-age=300"
    assert plain.data == hashed.data == (STATIC / name).read_bytes()
    assert plain.mimetype == {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}[suffix]


def test_a_changed_file_has_another_name(tmp_path):
    path = tmp_path / "style.css"
    path.write_text("a")
    before = hashed_name(path)
    path.write_text("b")
    assert before == "style.ca978112.css"
    assert hashed_name(path) != before


@pytest.mark.parametrize(
    "name",
    [
        "style.00000000.css",
        "nothing.css",
        "../settings.py",
        "%2e%2e/settings.py",
        "..%2fsettings.py",
        ".",
        "a/b",
    ],
)
def test_no_other_file_is_served(browser, name):
    assert browser.get(f"/static/{name}").status_code == 404


def test_pages_use_the_names_that_are_kept_for_ever(browser):
    page = browser.page("/explore")
    addresses = [page.find("link", rel="stylesheet")["href"], page.find("script")["src"]]
    for address in addresses:
        assert "immutable" in browser.get(address).headers["Cache-Control"]


def test_the_whole_style_loads_nothing():
    assert not re.search(r"@import|url\(", (STATIC / "style.css").read_text())
