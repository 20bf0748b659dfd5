"""Parts of pages that are kept: each session finds its own token in them, and only where a token belongs."""

from flask_wtf.csrf import generate_csrf

from microblog.fragments import MARK, remembered


def test_a_part_that_was_kept_has_the_token_of_whoever_asks(app):
    pages = []
    for _ in range(2):
        with app.test_request_context():
            html = remembered("a form", lambda: f"<input value={generate_csrf()}>")
            assert html == f"<input value={generate_csrf()}>"
            pages.append(html)
    assert pages[0] != pages[1]


def test_no_token_is_put_where_somebody_wrote_its_mark(app):
    for _ in range(2):
        with app.test_request_context():
            assert remembered("what was typed", lambda: f"<p>{MARK}") == f"<p>{MARK}"
