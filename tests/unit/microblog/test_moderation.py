"""Reports, what moderators decide, and who may do what to whom."""

import io
import re
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, func, insert, select, update

from microblog import audit, suspensions
from microblog.database import db
from microblog.images.models import CaseImage
from microblog.limits import Limit
from microblog.models import User
from microblog.moderation import cases, decisions, guard, report_views
from microblog.moderation.cases import Outcome, State
from microblog.moderation.role_changes import LastAdmin, change
from microblog.oversight import FOREVER, WORDS_LENGTH, Case, Report, Suspension
from microblog.roles import Role, moderates
from microblog.times import now
from tests.unit.microblog.conftest import PASSWORD, Browser
from tests.unit.microblog.pictures import opened, photo

ROLES = {
    "percy": Role.PERSON,
    "molly": Role.MODERATOR,
    "mike": Role.MODERATOR,
    "anna": Role.ADMIN,
    "abel": Role.ADMIN,
}


def text(page) -> str:
    return page.select_one("main").get_text(" ", strip=True)


@pytest.fixture
def give(app, store):
    """Gives a person a role."""

    def give(name: str, role: Role) -> None:
        with app.app_context():
            db.session.execute(update(User).where(User.id == store.user(name).id).values(role=int(role)))
            db.session.commit()

    return give


@pytest.fixture
def crew(somebody, give):
    """Browsers of people of every role, by name; Eve has written a post that Percy reported."""
    browsers = {name: somebody(name) for name in (*ROLES, "eve")}
    for name, role in ROLES.items():
        give(name, role)
    browsers["eve"].write("buy my things #all")
    assert browsers["percy"].post("/posts/1/report", {"reason": "spam", "words": "it is"}).status_code == 303
    return browsers


def case_of(app, case_id: int = 1) -> Case:
    with app.app_context():
        return db.session.get(Case, case_id)


def decide(browser: Browser, decision: str, case_id: int = 1, **fields: str):
    return browser.post(f"/moderation/cases/{case_id}", {"decision": decision, "reason": "because", **fields})


# Who may do what: what each sees of a page, and what each may do to whom.

PAGES = {
    "/moderation": (404, 200, 200),
    "/moderation/decided": (404, 200, 200),
    "/moderation/cases/1": (404, 200, 200),
    "/moderation/cases/99": (404, 404, 404),
    "/moderation/people": (404, 200, 200),
    "/moderation/people/eve": (404, 200, 200),
    "/moderation/people/nobody": (404, 404, 404),
    "/moderation/audit": (404, 404, 200),
}


@pytest.mark.parametrize("path", PAGES)
def test_pages_of_moderation_are_not_there_for_others(app, crew, path):
    seen = tuple(crew[name].get(path).status_code for name in ("percy", "molly", "anna"))
    assert seen == PAGES[path]
    assert Browser(app.test_client()).get(path).status_code == 404, "nor for strangers"


ACTS = {
    # act, on whom: of a person, a moderator, an admin
    ("suspend", "eve"): (404, 303, 303),
    ("suspend", "mike"): (404, 403, 303),
    ("suspend", "abel"): (404, 403, 303),
    ("restore", "eve"): (404, 303, 303),
    ("restore", "mike"): (404, 403, 303),
    ("restore", "abel"): (404, 403, 303),
    ("role", "eve"): (404, 404, 303),
    ("role", "mike"): (404, 404, 303),
    ("role", "abel"): (404, 404, 303),
    ("suspend", "oneself"): (404, 403, 403),
    ("restore", "oneself"): (404, 403, 403),
    ("role", "oneself"): (404, 404, 303),
    ("suspend", "nobody"): (404, 404, 404),
}


@pytest.mark.parametrize(("act", "whom"), ACTS)
def test_who_may_do_what_to_whom(app, crew, act, whom):
    form = {"duration": "7", "reason": "because", "role": "moderator"}
    for name, expected in zip(("percy", "molly", "anna"), ACTS[act, whom], strict=True):
        target = name if whom == "oneself" else whom
        path = f"/moderation/people/{target}/{act}"
        assert crew[name].post(path, form).status_code == expected, name
    stranger = Browser(app.test_client())
    assert stranger.post(f"/moderation/people/eve/{act}", form).status_code == 404
    assert stranger.client.post(f"/moderation/people/eve/{act}", data=form).status_code == 400, "no token"


@pytest.mark.parametrize("decision", ["dismissed", "removed", "suspended"])
def test_who_may_decide_a_case(app, crew, decision):
    for name in ("percy", "eve"):
        assert decide(crew[name], decision).status_code == 404
    assert case_of(app).state == State.OPEN
    assert decide(crew["molly"], decision).status_code == 303
    assert case_of(app).outcome == decision
    assert decide(crew["anna"], "dismissed").location == "/moderation/cases/1", "somebody was faster"
    assert case_of(app).outcome == decision


people = st.builds(User, id=st.integers(1, 3), role=st.sampled_from([int(role) for role in Role]))


@given(actor=people, subject=people)
def test_nobody_moderates_oneself_or_somebody_of_a_higher_role(actor, subject):
    if moderates(actor, subject):
        assert actor.id != subject.id
        assert actor.role >= Role.MODERATOR
        assert actor.role >= subject.role
        assert actor.role == Role.ADMIN or not moderates(subject, actor)
    elif actor.id != subject.id:
        assert actor.role < Role.ADMIN
        assert actor.role == Role.PERSON or subject.role >= actor.role


@given(acts=st.lists(st.tuples(st.sampled_from(sorted(ROLES)), st.sampled_from(Role)), max_size=12))
@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_there_is_always_an_admin(app, store, acts):
    with app.app_context():
        if not db.session.scalar(select(func.count()).select_from(User)):
            for name in ROLES:
                store.add_user(name)
        db.session.execute(update(User).values(role=0))
        db.session.execute(update(User).where(User.username_key == "anna").values(role=int(Role.ADMIN)))
        db.session.commit()
        for name, role in acts:
            user = db.session.scalar(select(User).where(User.username_key == name))
            admins = db.session.scalars(select(User.username_key).where(User.role == int(Role.ADMIN))).all()
            try:
                change(None, user, role)
            except LastAdmin:
                assert admins == [name]
                assert role < Role.ADMIN
            db.session.expire_all()
            assert db.session.scalar(select(func.count()).where(User.role == int(Role.ADMIN))) >= 1


def test_the_last_admin_stays_one(app, crew, store, give):
    give("abel", Role.PERSON)
    answer = crew["anna"].post("/moderation/people/anna/role", {"role": "person"})
    assert answer.location == "/moderation/people/anna"
    assert "last admin" in text(crew["anna"].page("/moderation/people/anna"))
    assert store.user("anna").role == Role.ADMIN
    give("abel", Role.ADMIN)
    with app.app_context():
        decisions.suspend_unreported(None, store.user("abel"), "because", FOREVER)
        with pytest.raises(LastAdmin):
            decisions.suspend_unreported(None, store.user("anna"), "because", FOREVER)
    assert "last admin" in text(
        crew["anna"].page(crew["anna"].post("/moderation/people/anna/role", {"role": "person"}).location)
    ), "one who is kept out does not count"
    with app.app_context():
        decisions.lift(None, store.user("abel"), "")
    assert crew["anna"].post("/moderation/people/anna/role", {"role": "person"}).location == "/"
    assert crew["anna"].get("/moderation").status_code == 404


def test_the_last_admin_cannot_leave(crew, store, give):
    give("abel", Role.PERSON)
    answer = crew["anna"].post("/account/delete", {"current": PASSWORD})
    assert answer.status_code == 422
    assert "You are the last admin" in answer.text
    assert store.user("anna").role == Role.ADMIN
    give("abel", Role.ADMIN)
    assert crew["anna"].post("/account/delete", {"current": PASSWORD}).status_code == 303


@pytest.mark.parametrize("path", ["cases/2", "people/anna/suspend"])
def test_of_two_admins_who_suspend_each_other_one_stays(app, crew, store, path):
    crew["percy"].post("/people/anna/report", {"reason": "abuse"})
    token = crew["abel"].token()
    faster = iter([insert(Suspension).values(user_id=store.user("abel").id, until=FOREVER, reason="x")])

    def meanwhile(connection, _cursor, statement, *_rest) -> None:
        if statement.startswith("UPDATE user SET role"):
            for suspension in faster:
                connection.execute(suspension)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", meanwhile)
    form = {"decision": "suspended", "duration": "7", "reason": "because", "csrf_token": token}
    answer = crew["abel"].client.post(f"/moderation/{path}", data=form)
    assert answer.location == f"/moderation/{path.removesuffix('/suspend')}"
    assert "You are the last admin" in text(crew["abel"].page("/moderation/people"))
    with app.app_context():
        assert suspensions.of(store.user("anna")) is None


def test_a_role_counts_from_the_next_request_on_and_ends_as_soon(crew):
    assert crew["percy"].get("/moderation").status_code == 404
    crew["anna"].post("/moderation/people/percy/role", {"role": "moderator", "note": "kind"})
    assert "Moderation" in crew["percy"].page("/explore").select_one("footer").text
    assert crew["percy"].get("/moderation").status_code == 200
    crew["anna"].post("/moderation/people/percy/role", {"role": "person"})
    assert crew["percy"].get("/moderation").status_code == 404
    assert "Moderation" not in crew["percy"].page("/explore").select_one("footer").text


@pytest.mark.parametrize("role", ["", "root", "3", "ADMIN"])
def test_a_role_that_there_is_not_is_refused(crew, store, role):
    assert crew["anna"].post("/moderation/people/percy/role", {"role": role}).status_code == 422
    assert store.user("percy").role == Role.PERSON


def test_the_reason_for_a_role_fits_into_the_trail_with_the_roles(app, crew, store):
    form = {"role": "moderator", "note": "x" * 401}
    assert crew["anna"].post("/moderation/people/percy/role", form).status_code == 422
    assert store.user("percy").role == Role.PERSON
    form["note"] = "x" * 400
    assert crew["anna"].post("/moderation/people/percy/role", form).status_code == 303
    with app.app_context():
        words = audit.entries(1).entries[0].words
    assert words == f"person → moderator: {form['note']}"
    assert len(words) <= WORDS_LENGTH


def test_no_page_of_moderation_has_two_things_of_one_name(crew):
    for path in (*PAGES, "/people/molly/report", "/posts/1/report"):
        answer = crew["anna"].get(path)
        if answer.status_code == 200:
            ids = re.findall(r' id="([^"]+)"', answer.text)
            assert len(ids) == len(set(ids)), path
            labels = set(re.findall(r' for="([^"]+)"', answer.text))
            assert labels <= set(ids), path


# Reporting.


def test_a_report_reaches_the_queue_with_what_was_reported(crew):
    row = text(crew["molly"].page("/moderation"))
    assert "@eve" in row
    assert "buy my things" in row
    assert "1 report" in row
    page = text(crew["molly"].page("/moderation/cases/1"))
    for part in ("buy my things", "Spam or advertising", "it is", "@percy", "See it in its thread"):
        assert part in page


def test_a_moderator_whom_the_author_blocks_sees_the_post_with_its_picture(crew, give):
    crew["eve"].post("/posts", {"body": "", "alt": "", "image": (io.BytesIO(photo()), "a.jpg")})
    crew["percy"].post("/posts/2/report", {"reason": "illegal"})
    for name in ("percy", "molly", "anna"):
        crew["eve"].post(f"/people/{name}/block")
    for name in ("molly", "anna"):
        page = crew[name].page("/moderation/cases/2")
        assert "See it in its thread" not in text(page), "they would not find it"
        assert crew[name].get(page.select_one("#post-2 .picture img")["src"]).status_code == 200
    picture = page.select_one("#post-2 .picture img")["src"]
    assert crew["percy"].get(picture).status_code == 404
    give("eve", Role.MODERATOR)
    assert crew["molly"].get(picture).status_code == 404, "nobody decides about their like"
    decide(crew["anna"], "suspended", 2)
    assert crew["anna"].get(picture).status_code == 200
    assert crew["anna"].page("/moderation/cases/2").select_one("#post-2 .picture img"), "an answer may come"
    assert crew["mike"].get(picture).status_code == 404


def test_what_was_reported_stays_with_the_case_when_its_author_deletes_it(crew):
    crew["eve"].post("/posts/1/delete")
    page = text(crew["molly"].page("/moderation/cases/1"))
    assert "buy my things" in page
    assert "not shown to anybody now" in page
    assert decide(crew["molly"], "removed").status_code == 303, "it is decided all the same"


@pytest.mark.parametrize("who", ["its author", "a moderator"])
def test_the_picture_that_was_reported_stays_with_the_case_when_the_post_goes(app, crew, give, who):
    image = (io.BytesIO(photo(900, 300)), "a.jpg")
    crew["eve"].post("/posts", {"body": "", "alt": "not nice", "image": image})
    crew["percy"].post("/posts/2/report", {"reason": "illegal"})
    assert not crew["molly"].page("/moderation/cases/2").select_one("[src*=moderation]"), "it is there"
    if who == "its author":
        crew["eve"].post("/posts/2/delete")
    else:
        decide(crew["molly"], "removed", 2)
    shown = crew["molly"].page("/moderation/cases/2")
    picture = shown.select_one(".picture img")
    assert (picture["alt"], picture["width"], picture["height"]) == ("not nice", "900", "300")
    assert "not nice" in text(shown), "for those who see it, too"
    answer = crew["molly"].get(picture["src"])
    assert opened(answer.data).size == (720, 240)
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    again = crew["molly"].get(picture["src"], headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    for name in ("percy", "eve"):
        assert crew[name].get(picture["src"]).status_code == 404
    assert Browser(app.test_client()).get(picture["src"]).status_code == 404
    give("eve", Role.MODERATOR)
    assert crew["molly"].get(picture["src"]).status_code == 404, "nobody decides about their like"
    assert crew["molly"].get("/moderation/cases/1/picture.webp").status_code == 404
    assert crew["anna"].get("/moderation/cases/1/picture.webp").status_code == 404, "that post had none"


def test_the_picture_goes_when_its_case_does(app, crew):
    crew["eve"].post("/posts", {"body": "", "alt": "", "image": (io.BytesIO(photo()), "a.jpg")})
    crew["percy"].post("/posts/2/report", {"reason": "illegal"})
    decide(crew["molly"], "dismissed", 2)
    with app.app_context():
        assert db.session.scalars(select(CaseImage.case_id)).all() == [2]
        db.session.execute(update(Case).where(Case.id == 2).values(decided_at=now() - timedelta(days=366)))
        cases.tidy()
        assert db.session.scalars(select(CaseImage.case_id)).all() == []


def test_a_person_who_was_reported_stays_with_the_case_as_they_were(crew):
    profile = "/profile/edit"
    crew["eve"].post(profile, {"display_name": "The bank", "about": "Send me your money"})
    crew["percy"].post("/people/eve/report", {"reason": "pretends"})
    assert text(crew["molly"].page("/moderation/cases/2")).count("The bank") == 1, "it is who they are"
    crew["eve"].post(profile, {"display_name": "Eve", "about": "I like flowers"})
    page = text(crew["molly"].page("/moderation/cases/2"))
    for part in ("The bank", "Send me your money", "It was changed since.", "I like flowers"):
        assert part in page


def test_a_person_who_is_suspended_without_a_report_stays_with_the_case_as_they_were(crew):
    crew["eve"].post("/profile/edit", {"display_name": "", "about": "Send me your money"})
    crew["molly"].post("/moderation/people/eve/suspend", {"duration": "1", "reason": "because"})
    crew["molly"].post("/moderation/people/eve/restore", {"reason": "enough"})
    crew["eve"].login("eve")
    crew["eve"].post("/profile/edit", {"display_name": "", "about": "I like flowers"})
    page = text(crew["molly"].page("/moderation/cases/2"))
    assert "Send me your money" in page
    assert "It was changed since." in page


def test_of_a_case_that_the_release_before_began_the_person_is_shown_as_they_are(app, crew):
    crew["eve"].post("/profile/edit", {"display_name": "", "about": "I like flowers"})
    crew["percy"].post("/people/eve/report", {"reason": "pretends"})
    with app.app_context():
        db.session.execute(update(Case).values(name=None, about=None))
        db.session.commit()
    page = text(crew["molly"].page("/moderation/cases/2"))
    assert "I like flowers" in page
    assert "It was changed since." not in page


def test_reports_of_the_same_are_one_case_and_of_one_person_one_report(app, crew):
    for name in ("percy", "molly", "percy"):
        assert crew[name].post("/posts/1/report", {"reason": "abuse"}).location == "/posts/1"
    crew["percy"].post("/people/eve/report", {"reason": "pretends"})
    with app.app_context():
        found = db.session.execute(select(Case.id, Case.post_id, Case.report_count).order_by(Case.id)).all()
        assert [tuple(row) for row in found] == [(1, 1, 2), (2, None, 1)]
        assert db.session.scalar(select(func.count()).select_from(Report)) == 3
    decide(crew["molly"], "dismissed")
    crew["percy"].post("/posts/1/report", {"reason": "other"})
    assert case_of(app, 3).state == State.OPEN, "once decided, the next report begins another case"


def test_the_reported_never_learns_who_reported(crew):
    decide(crew["molly"], "removed")
    crew["eve"].post("/account/decisions/1/answer", {"words": "why?"})
    seen = [crew["eve"].get(path) for path in ("/account/decisions", "/posts/1", "/account", "/mentions")]
    for answer in seen:
        assert "percy" not in answer.text
        assert "molly" not in answer.text
    crew["molly"].post("/moderation/people/eve/suspend", {"duration": "7", "reason": "because"})
    kept_out = crew["eve"].get(crew["eve"].login("eve").location).text
    assert not re.search("percy|molly", kept_out)


def test_a_moderator_sees_no_case_about_oneself_or_somebody_who_outranks_them(crew):
    for name in ("molly", "mike", "anna"):
        crew["percy"].post(f"/people/{name}/report", {"reason": "abuse"})
    queue = text(crew["molly"].page("/moderation"))
    assert not re.search("@molly|@mike|@anna", queue)
    assert [crew["molly"].get(f"/moderation/cases/{n}").status_code for n in (1, 2, 3, 4)] == [
        200,
        404,
        404,
        404,
    ]
    assert [decide(crew["molly"], "dismissed", n).status_code for n in (2, 3, 4)] == [404] * 3
    for_admins = text(crew["anna"].page("/moderation"))
    assert "@molly" in for_admins
    assert "@anna" not in for_admins
    assert crew["anna"].get("/moderation/cases/4").status_code == 404
    assert "@anna" in text(crew["abel"].page("/moderation"))


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"reason": ""},
        {"reason": "because"},
        {"reason": "spam", "words": "x" * 501},
        {"reason": "spam", "words": "a\0b"},
    ],
)
def test_a_report_without_sense_is_refused(crew, form):
    assert crew["molly"].post("/people/eve/report", form).status_code == 422


def test_not_everything_can_be_reported(app, crew):
    spam = {"reason": "spam"}
    assert crew["eve"].post("/posts/1/report", spam).status_code == 400, "not oneself"
    assert crew["eve"].post("/people/eve/report", spam).status_code == 400
    for path in ("/posts/99/report", "/people/nobody/report"):
        assert crew["percy"].post(path, spam).status_code == 404
    crew["eve"].post("/people/percy/block")
    for path in ("/posts/1/report", "/people/eve/report"):
        assert crew["percy"].post(path, spam).status_code == 404, "a block is not given away"
    stranger = Browser(app.test_client())
    assert stranger.post("/posts/1/report", spam).location.startswith("/login")


def test_reports_are_counted(crew, monkeypatch):
    monkeypatch.setattr(report_views, "REPORTS", Limit(burst=2, seconds=600))
    # One is used up already.
    codes = [crew["percy"].post("/people/eve/report", {"reason": "spam"}).status_code for _ in range(3)]
    assert codes == [303, 429, 429]


def test_decisions_are_counted(crew, monkeypatch):
    monkeypatch.setattr(guard, "ACTS", Limit(burst=1, seconds=600))
    form = {"duration": "1", "reason": "because"}
    codes = [crew["molly"].post("/moderation/people/eve/suspend", form).status_code for _ in range(2)]
    assert codes == [303, 429]


def test_the_queue_shows_each_case_once_while_others_come(app, crew, store, give):
    with app.app_context():
        for number in range(11):
            cases.report(
                store.user("percy"), db.session.get(User, store.add_user(f"other_{number}")), "spam", ""
            )
    seen, path = [], "/moderation"
    while path:
        page = crew["molly"].page(path)
        seen += [link["href"] for link in page.select(".case")]
        with app.app_context():
            cases.report(store.user("percy"), store.user("eve"), "abuse", "")
        older = page.select_one(".older a")
        path = f"/moderation{older['href']}" if older else None
    assert len(seen) == len(set(seen)) == 13
    numbers = [int(link.rpartition("/")[2]) for link in seen]
    assert numbers == sorted(numbers), "the oldest first"


# What is decided.


def test_a_removed_post_leaves_its_place_for_good(crew, store):
    crew["percy"].post("/posts/1/replies", {"body": "answer"})
    crew["percy"].post("/posts/1/like")
    decide(crew["molly"], "removed")
    assert "removed by moderation" in text(crew["percy"].page("/posts/1")).lower()
    assert "Removed by moderation." in text(crew["percy"].page("/posts/2"))
    assert "buy my things" not in crew["percy"].get("/explore").text + crew["eve"].get("/people/eve").text
    assert crew["percy"].get("/tags/all").text.count("buy my things") == 0
    assert store.user("eve").post_count == 0
    crew["percy"].post("/posts/2/delete")
    assert "removed by moderation" in text(crew["percy"].page("/posts/1")).lower(), "also without answers"


def test_a_removed_reply_is_a_gap_in_its_thread(app, crew, store):
    crew["percy"].write("question")
    crew["eve"].post("/posts/2/replies", {"body": "rude answer"})
    crew["percy"].post("/posts/3/report", {"reason": "abuse"})
    decide(crew["molly"], "removed", 2)
    page = crew["percy"].page("/posts/2")
    assert page.select_one("#post-3").text.startswith("Removed by moderation.")
    assert page.select_one("#post-2 .reactions a").text.split() == ["Reply"], "and is counted no more"


def test_dismissing_changes_nothing_and_tells_nobody(crew):
    decide(crew["molly"], "dismissed")
    assert "buy my things" in crew["percy"].get("/explore").text
    assert "decided nothing" in text(crew["eve"].page("/account/decisions"))
    assert crew["eve"].get("/account/decisions/1/answer").status_code == 404
    assert "nothing wrong" in text(crew["molly"].page("/moderation/decided"))


@pytest.mark.parametrize(
    "form", [{"reason": ""}, {"decision": "burn"}, {"decision": ""}, {"reason": "x" * 501}]
)
def test_a_decision_needs_a_reason_and_sense(app, crew, form):
    wanted = {"decision": "removed", "reason": "because"} | form
    assert crew["molly"].post("/moderation/cases/1", wanted).status_code == 422
    assert case_of(app).state == State.OPEN


def test_a_person_cannot_be_removed_like_a_post(app, crew):
    crew["percy"].post("/people/eve/report", {"reason": "abuse"})
    assert "Remove the post" not in text(crew["molly"].page("/moderation/cases/2"))
    assert decide(crew["molly"], "removed", 2).status_code == 422
    assert decide(crew["molly"], "suspended", 2, duration="30").status_code == 303
    case = case_of(app, 2)
    assert timedelta(days=29) < case.until - now() <= timedelta(days=30)


def test_the_person_is_told_and_may_answer_once(app, crew):
    decide(crew["molly"], "removed")
    page = text(crew["eve"].page("/account/decisions"))
    for part in ("A post of yours was removed", "because", "buy my things"):
        assert part in page
    assert crew["eve"].post("/account/decisions/1/answer", {"words": ""}).status_code == 422
    assert crew["eve"].post("/account/decisions/1/answer", {"words": "It was a joke"}).status_code == 303
    assert case_of(app).state == State.APPEALED
    crew["eve"].post("/account/decisions/1/answer", {"words": "And another thing"})
    assert case_of(app).appeal == "It was a joke"
    assert "It was a joke" in text(crew["molly"].page("/moderation/cases/1"))
    crew["molly"].post("/moderation/cases/1", {"decision": "deny", "reason": "not funny"})
    page = text(crew["eve"].page("/account/decisions"))
    assert "Their decision stays." in page
    assert "not funny" in page
    crew["eve"].post("/account/decisions/1/answer", {"words": "But"})
    assert case_of(app).state == State.CLOSED


def test_reports_that_wait_hide_no_decision(app, crew, store):
    decide(crew["molly"], "removed")
    with app.app_context():
        waiting = {"state": State.OPEN, "subject_id": store.user("eve").id}
        db.session.add_all(Case(**waiting, open_key=f"post {n}") for n in range(2, 14))
        db.session.commit()
    page = crew["eve"].page("/account/decisions")
    assert "A post of yours was removed" in text(page)
    assert page.select_one("a[href='/account/decisions/1/answer']")


def test_decisions_are_shown_in_the_order_in_which_they_were_made(app, crew):
    crew["percy"].post("/people/eve/report", {"reason": "abuse"})
    decide(crew["molly"], "suspended", 2, duration="1")
    with app.app_context():
        db.session.execute(update(Case).where(Case.id == 2).values(decided_at=now() - timedelta(days=2)))
        db.session.execute(delete(Suspension))
        db.session.commit()
    decide(crew["molly"], "removed")
    crew["eve"].login("eve")
    titles = [title.text for title in crew["eve"].page("/account/decisions").select("section h2")]
    assert titles == ["A post of yours was removed", "Your account is suspended"]


def test_nobody_answers_for_another(crew):
    decide(crew["molly"], "removed")
    assert crew["percy"].post("/account/decisions/1/answer", {"words": "mine"}).status_code == 404
    assert crew["percy"].get("/account/decisions/1/answer").status_code == 404


def test_a_decision_that_is_taken_back_ends_the_suspension(app, crew):
    decide(crew["molly"], "suspended", duration="forever")
    ticket = crew["eve"].login("eve").location
    assert "for good" in crew["eve"].get(ticket).text
    link = re.search(r"/account/decisions/1/answer\?ticket=[\w.-]+", crew["eve"].get(ticket).text)[0]
    answered = crew["eve"].post(link, {"words": "sorry"})
    assert answered.location.startswith("/account/suspended?ticket=")
    assert "with the moderators" in crew["eve"].get(answered.location).text
    crew["molly"].post("/moderation/cases/1", {"decision": "grant", "reason": "fair enough"})
    assert crew["eve"].login("eve").location == "/"
    assert "was taken back" in text(crew["eve"].page("/account/decisions"))
    assert case_of(app).outcome == Outcome.LIFTED


def test_a_decision_that_is_taken_back_leaves_a_later_suspension(app, crew, store):
    decide(crew["molly"], "suspended", duration="forever")
    with app.app_context():
        eve = store.user("eve")
        assert decisions.appeal(case_of(app), eve, "sorry")
        decisions.suspend_unreported(store.user("anna"), eve, "because", FOREVER)
    assert decide(crew["molly"], "grant").status_code == 303
    assert case_of(app).outcome == Outcome.LIFTED
    assert crew["eve"].login("eve").location.startswith("/account/suspended?"), "by what came after"


def test_a_suspension_of_the_release_before_which_knew_no_case_is_answered_and_taken_back(app, crew):
    decide(crew["molly"], "suspended", duration="forever")
    with app.app_context():
        db.session.execute(update(Suspension).values(case_id=None))
        db.session.commit()
    page = crew["eve"].get(crew["eve"].login("eve").location).text
    link = re.search(r"/account/decisions/1/answer\?ticket=[\w.-]+", page)
    assert link, "there is a way to answer"
    crew["eve"].post(link[0], {"words": "sorry"})
    crew["molly"].post("/moderation/cases/1", {"decision": "grant", "reason": "fair enough"})
    assert crew["eve"].login("eve").location == "/"


def test_who_is_kept_out_answers_the_decision_that_keeps_them_out(app, crew, store):
    crew["percy"].post("/people/eve/report", {"reason": "abuse"})
    decide(crew["molly"], "suspended", 2, duration="1")
    with app.app_context():
        eve, molly = store.user("eve"), store.user("molly")
        assert decisions.appeal(case_of(app, 2), eve, "sorry")
        assert decisions.deny(molly, case_of(app, 2), eve, "not enough")
    decide(crew["molly"], "suspended", 1, duration="forever")
    page = crew["eve"].get(crew["eve"].login("eve").location).text
    assert "/account/decisions/1/answer" in page, "of two cases the one that was decided last"
    assert "not enough" not in page


def test_a_suspension_that_is_over_stays_what_it_was_when_a_later_one_is_lifted(app, crew, store):
    decide(crew["molly"], "suspended", duration="1")
    with app.app_context():
        over = now() - timedelta(seconds=1)
        for table in (Case, Suspension):
            db.session.execute(update(table).values(until=over))
        db.session.commit()
        eve = store.user("eve")
        decisions.suspend_unreported(None, eve, "again", FOREVER)
        assert decisions.lift(store.user("molly"), eve, "enough")
        found = db.session.execute(select(Case.outcome, Case.answer, Case.state).order_by(Case.id)).all()
    assert [tuple(row) for row in found] == [("suspended", "", "decided"), ("lifted", "enough", "closed")]


def test_the_end_of_a_suspension_is_told_when_its_case_is_no_longer_kept(app, crew, store):
    decide(crew["molly"], "suspended", duration="forever")
    with app.app_context():
        db.session.execute(delete(Case))
        assert decisions.lift(None, store.user("eve"), "enough")
    crew["eve"].login("eve")
    page = text(crew["eve"].page("/account/decisions"))
    assert "was taken back" in page
    assert "enough" in page


def test_an_answer_without_the_ticket_is_refused(app, crew):
    decide(crew["molly"], "suspended", duration="forever")
    stranger = Browser(app.test_client())
    for ticket in ("", "x", "MQ.aaaa.bbbb"):
        assert stranger.get(f"/account/suspended?ticket={ticket}").status_code == 410
        answer = stranger.post("/account/decisions/1/answer", {"words": "x", "ticket": ticket})
        assert answer.status_code == 410


def test_of_two_who_decide_at_once_the_first_does(app, crew, store):
    with app.app_context():
        molly, mike, eve = (store.user(name) for name in ("molly", "mike", "eve"))
        seen = db.session.get(Case, 1)
        assert decisions.dismiss(molly, seen, eve, "fine") is True
        assert decisions.suspend(mike, seen, eve, "not fine", FOREVER) is False
        assert decisions.remove_post(mike, seen, eve, "not fine") is False
        acts = [entry.act for entry in audit.entries(50).entries]
    assert "suspended" not in acts
    assert "buy my things" in crew["percy"].get("/explore").text
    assert store.user("eve").post_count == 1


def test_who_leaves_takes_the_cases_about_them_along_and_their_name_off_reports(app, crew):
    crew["eve"].write("second")
    crew["molly"].post("/posts/2/report", {"reason": "spam", "words": "words stay"})
    crew["molly"].post("/account/delete", {"current": "correct horse battery"})
    page = text(crew["mike"].page("/moderation/cases/2"))
    assert "somebody who left" in page
    assert "words stay" in page
    crew["eve"].post("/account/delete", {"current": "correct horse battery"})
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Case)) == 0
        assert db.session.scalar(select(func.count()).select_from(Report)) == 0


def test_what_was_decided_goes_after_a_year(app, crew):
    decide(crew["molly"], "removed")
    crew["percy"].post("/people/eve/report", {"reason": "spam"})
    with app.app_context():
        long_ago = now() - timedelta(days=366)
        db.session.execute(update(Case).values(created_at=long_ago))
        db.session.execute(update(Case).where(Case.id == 1).values(decided_at=long_ago))
        cases.tidy()
        assert db.session.scalars(select(Case.id)).all() == [2], "what waits stays"
        assert db.session.scalars(select(Report.case_id)).all() == [2]
