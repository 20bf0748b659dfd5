"""All of one's data in a file: asked for, made in the background, fetched for a while, gone."""

import io
import json
import struct
import tracemalloc
import zipfile
import zlib
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from flask_babel import force_locale
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import OperationalError

from microblog.account.leaving import leave
from microblog.database import db
from microblog.exports import making, sections
from microblog.exports import views as export_views
from microblog.exports.models import CHUNK_BYTES, ExportChunk
from microblog.jobs import queue, worker
from microblog.jobs.models import Job
from microblog.models import Base, User
from microblog.moderation import decisions
from microblog.oversight import FOREVER, Case
from microblog.people import hiding
from microblog.posts import reactions
from microblog.times import full_moment, now
from tests.unit.microblog.conftest import PASSWORD, Browser
from tests.unit.microblog.pictures import opened, photo
from tests.waiting import wait_until

PAGE = "/account/export"


def ask(browser: Browser, password: str = PASSWORD):
    return browser.post(PAGE, {"current": password})


def ask_again(browser: Browser):
    assert browser.post(f"{PAGE}/delete").location == PAGE
    return ask(browser)


def work(app) -> int:
    with app.app_context():
        return worker.work_off()


def fetched(browser: Browser, path: str = f"{PAGE}/download") -> zipfile.ZipFile:
    response = browser.get(path)
    assert response.status_code == 200, response.status
    assert int(response.headers["Content-Length"]) == len(response.data)
    archive = zipfile.ZipFile(io.BytesIO(response.data))
    assert archive.testzip() is None
    return archive


def read(archive: zipfile.ZipFile, name: str):
    return json.loads(archive.read(f"microblog/{name}"))


def streamed(content: bytes) -> dict[str, bytes]:
    """The files in an archive as somebody reads them who never sees its end: one after the other."""
    files = {}
    while content.startswith(b"PK\x03\x04"):
        flags, method, length, extra = (struct.unpack_from("<H", content, at)[0] for at in (6, 8, 26, 28))
        name, rest = content[30 : 30 + length].decode(), content[30 + length + extra :]
        # The sizes are behind the file (bit 3): only what says itself where it ends can be read.
        assert (flags & 8, method) == (8, zipfile.ZIP_DEFLATED), name
        reader = zlib.decompressobj(-zlib.MAX_WBITS)
        files[name] = reader.decompress(rest)
        assert reader.eof
        assert struct.unpack_from("<4sLLL", reader.unused_data)[1] == zlib.crc32(files[name])
        content = reader.unused_data[16:]
    return files


def chunks(app) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(ExportChunk))


def job_of(app) -> Job:
    with app.app_context():
        return db.session.scalar(select(Job))


def change_job(app, **columns: object) -> None:
    with app.app_context():
        db.session.execute(update(Job).values(columns))
        db.session.commit()


def test_everything_of_a_person_is_in_the_file(app, somebody, store):
    alice, bob = somebody("alice"), somebody("bob")
    alice.post("/profile/edit", {"display_name": "Alice <3", "about": "I & you"})
    alice.write("Mañana vamos a la playa <b>con los niños</b>")
    alice.post("/posts", {"body": "", "alt": "two halves", "image": (io.BytesIO(photo(900, 300)), "a.jpg")})
    bob.write("hello")
    with app.app_context():
        me = store.user("alice")
        number = db.session.scalar(select(func.max(sections.Post.id)))
        reactions.like(me, number)
        reactions.repost(me, number)
    alice.post("/people/bob/follow")
    bob.post("/people/alice/follow")
    bob.post("/people/alice/message", {"body": "to alice"})
    alice.post("/people/bob/message", {"body": "to bob"})
    store.add_user("carol")
    alice.post("/people/carol/mute")
    assert ask(alice).location == PAGE
    assert work(app) == 1

    archive = fetched(alice)
    person = read(archive, "person.json")
    assert (person["name"], person["summary"]) == ("Alice <3", "I & you")
    assert person["email"] == "alice@example.org"
    assert person["language"] == "en"
    posts = read(archive, "posts.json")
    assert posts["totalItems"] == 2
    assert posts["orderedItems"][0]["contentMap"] == {"es": "Mañana vamos a la playa <b>con los niños</b>"}
    (picture,) = posts["orderedItems"][1]["attachment"]
    assert (picture["name"], picture["width"]) == ("two halves", 900)
    assert opened(archive.read(f"microblog/{picture['url']}")).size == (900, 300)
    assert [item["object"] for item in read(archive, "likes.json")["orderedItems"]] == [f"/posts/{number}"]
    assert [item["object"] for item in read(archive, "reposts.json")["orderedItems"]] == [f"/posts/{number}"]
    assert [item["id"] for item in read(archive, "following.json")["orderedItems"]] == ["/people/bob"]
    assert [item["id"] for item in read(archive, "followers.json")["orderedItems"]] == ["/people/bob"]
    written = [
        (item["attributedTo"], item["content"]) for item in read(archive, "messages.json")["orderedItems"]
    ]
    assert written == [("/people/bob", "to alice"), ("/people/alice", "to bob")]
    told = [(item["type"], item["actor"]) for item in read(archive, "notifications.json")["orderedItems"]]
    assert told == [("Follow", "/people/bob"), ("Message", "/people/bob")]
    (hidden,) = read(archive, "hidden.json")["orderedItems"]
    assert (hidden["type"], hidden["object"]) == (["Mute"], "/people/carol")
    assert read(archive, "logins.json")["totalItems"] == 1
    assert {section.file for section in sections.SECTIONS} <= {name[10:] for name in archive.namelist()}

    page = BeautifulSoup(archive.read("microblog/index.html"), "html.parser")
    assert "Alice <3" in page.text
    assert page.select("article p")[0].text == "Mañana vamos a la playa <b>con los niños</b>"
    assert page.select("article p")[0]["lang"] == "es"
    assert page.img["src"] == picture["url"]
    assert not page.select("script, link, [src^=http]")


def test_it_can_be_unpacked_while_it_is_fetched(app, somebody):
    alice = somebody("alice")
    for _ in range(2):
        alice.post("/posts", {"body": "", "image": (io.BytesIO(photo(900, 300)), "a.jpg")})
    ask(alice)
    work(app)
    content = alice.get(f"{PAGE}/download").data
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert streamed(content) == {name: archive.read(name) for name in archive.namelist()}
    assert len([name for name in archive.namelist() if name.endswith(".webp")]) == 2


def test_nobody_elses_words_and_no_secret_are_in_it(app, somebody, store):
    alice, bob = somebody("alice"), somebody("bob")
    alice.write("mine")
    bob.write("theirs")
    with app.app_context():
        reactions.like(store.user("alice"), 2)
    ask(alice)
    work(app)
    archive = fetched(alice)
    everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"theirs" not in everything
    assert b"bob@example.org" not in everything
    assert b"argon2" not in everything
    assert b"token" not in everything


def test_what_others_took_back_is_not_in_it(app, somebody):
    alice, bob = somebody("alice"), somebody("bob")
    bob.post("/people/alice/follow")
    alice.post("/notifications/seen", {"to": "1"})
    bob.post("/people/alice/unfollow")
    ask(alice)
    work(app)
    assert read(fetched(alice), "notifications.json")["orderedItems"] == []


def test_of_conversations_it_has_what_the_person_still_sees(app, somebody, store):
    alice, bob = somebody("alice"), somebody("bob")
    alice.post("/people/bob/message", {"body": "one"})
    alice.post("/messages/1/delete")
    alice.post("/people/bob/message", {"body": "two"})
    bob.post("/people/alice/message", {"body": "three"})
    with app.app_context():
        hiding.block(store.user("bob"), store.user("alice"))
    ask(alice)
    work(app)
    messages = read(fetched(alice), "messages.json")["orderedItems"]
    assert [(item["context"], item["content"]) for item in messages] == [("/messages/1", "two")]


def test_what_the_suspended_wrote_to_one_is_in_it(app, somebody, store):
    alice, bob = somebody("alice"), somebody("bob")
    bob.post("/people/alice/message", {"body": "from bob"})
    with app.app_context():
        decisions.suspend_unreported(None, store.user("bob"), "spam", FOREVER)
    ask(alice)
    work(app)
    messages = read(fetched(alice), "messages.json")["orderedItems"]
    assert [item["content"] for item in messages] == ["from bob"]


def test_what_one_reported_and_what_was_decided_about_one_is_in_it(app, somebody, store):
    alice, bob = somebody("alice"), somebody("bob")
    alice.write("mine, removed")
    bob.write("theirs")
    alice.post("/posts/2/report", {"reason": "spam", "words": "my words"})
    bob.post("/posts/1/report", {"reason": "abuse", "words": "words of bob"})
    bob.post("/people/alice/report", {"reason": "hate"})
    with app.app_context():
        moderator, subject = db.session.get(User, store.add_user("molly")), store.user("alice")
        decisions.remove_post(moderator, db.session.get(Case, 2), subject, "because")
        decisions.dismiss(moderator, db.session.get(Case, 3), subject, "nothing in it")
    ask(alice)
    work(app)
    archive = fetched(alice)
    (report,) = read(archive, "reports.json")["orderedItems"]
    assert (report["object"], report["summary"], report["content"]) == ("/posts/2", "spam", "my words")
    (decision,) = read(archive, "decisions.json")["orderedItems"]
    assert (decision["outcome"], decision["summary"]) == ("removed", "because")
    assert decision["content"] == "mine, removed"
    everything = b"".join(archive.read(name) for name in archive.namelist())
    for secret in (b"words of bob", b"molly", b"nothing in it", b"theirs"):
        assert secret not in everything


def test_it_does_not_tell_who_blocks_one(app, somebody, store):
    alice, bob = somebody("alice"), somebody("bob")
    bob.write("theirs")
    with app.app_context():
        reactions.like(store.user("alice"), 1)
        hiding.block(store.user("bob"), store.user("alice"))
    ask(alice)
    work(app)
    archive = fetched(alice)
    assert read(archive, "hidden.json")["totalItems"] == 0
    assert read(archive, "likes.json")["totalItems"] == 0


def test_every_table_with_a_person_in_it_is_exported_or_named_here():
    """Whoever adds a table about people decides here whether it belongs into the export."""
    about_people = {
        table.name
        for table in Base.metadata.tables.values()
        if any(key.column.table.name == "user" for key in table.foreign_keys)
    }
    exported = {
        "post",
        "repost",
        "post_like",
        "follow",
        "hidden",
        "sign_in",
        "image",
        "message",
        "participant",
    }
    exported |= {"report", "moderation_case"}
    # Links and mails that wait, keys, what others wrote about somebody, the job that makes the export; and
    # who is suspended asks for nothing, the decision remains.
    left_out = {"letter", "mention", "job", "api_token", "suspension"}
    assert about_people - exported - left_out == set()


def test_the_password_is_asked_for(app, somebody):
    alice = somebody("alice")
    response = ask(alice, "not my password")
    assert (response.status_code, "This is not your password." in response.text) == (422, True)
    assert work(app) == 0


def test_strangers_are_sent_to_log_in(browser):
    assert browser.get(PAGE).location.startswith("/login")
    assert browser.get(f"{PAGE}/download").location.startswith("/login")
    assert browser.get(f"{PAGE}/progress").status_code == 403


def test_another_login_gives_the_password_before_it_may_fetch(app, somebody):
    alice = somebody("alice")
    ask(alice)
    work(app)
    elsewhere = Browser(app.test_client())
    elsewhere.login("alice")
    assert elsewhere.get(f"{PAGE}/download").location == PAGE
    assert "Show the download" in elsewhere.page(PAGE).text
    number = job_of(app).id
    ask(elsewhere)
    assert job_of(app).id == number  # shown, not made once more
    assert fetched(elsewhere).namelist()


def test_progress_is_shown(app, somebody):
    alice = somebody("alice")
    assert alice.get(f"{PAGE}/progress").status_code == 404
    ask(alice)
    assert "in a moment" in alice.page(f"{PAGE}/progress").text
    change_job(app, done=30, total=120, due_at=now() + timedelta(minutes=1))
    part = alice.page(f"{PAGE}/progress")
    assert part.find("html") is None
    assert "25 %" in part.text
    assert part.progress["value"] == "25"
    assert alice.page(PAGE).progress["value"] == "25"
    change_job(app, done=120)
    assert alice.page(PAGE).progress["value"] == "99"


def test_progress_grows_while_it_is_made(app, somebody, store, monkeypatch):
    alice = somebody("alice")
    store.add_posts(store.user("alice").id, 450)
    ask(alice)
    monkeypatch.setattr(making, "PROLONG_EVERY_SECONDS", 0)
    seen: list[int] = []
    prolong = queue.prolong

    def watched(claimed, done, total):
        seen.append(100 * done // total)
        prolong(claimed, done, total)

    monkeypatch.setattr(queue, "prolong", watched)
    work(app)
    assert seen == sorted(seen)
    assert len(set(seen)) >= 5
    assert job_of(app).percent == 100


def test_one_at_a_time(app, somebody, store):
    alice = somebody("alice")
    ask(alice)
    with app.test_request_context():
        assert not queue.put(store.user("alice"), making.KIND)
    ask(alice)
    assert work(app) == 1
    first = job_of(app).id
    ask_again(alice)
    work(app)
    with app.app_context():
        assert [job.id for job in db.session.scalars(select(Job))] == [first + 1]
        assert set(db.session.scalars(select(ExportChunk.job_id))) == {first + 1}


def test_a_new_one_takes_the_place_of_one_whose_time_is_over(app, somebody, store):
    ask(somebody("alice"))
    work(app)
    change_job(app, expires_at=now() - timedelta(seconds=1))
    with app.test_request_context():
        assert queue.put(store.user("alice"), making.KIND)
    assert chunks(app) == 0


def test_exports_are_counted(app, somebody, monkeypatch):
    alice = somebody("alice")
    monkeypatch.setattr(export_views, "EXPORTS", export_views.Limit(burst=1, seconds=600))
    assert ask(alice).status_code == 303
    work(app)
    assert ask_again(alice).status_code == 429


def test_a_file_of_many_pieces_is_whole(app, somebody, monkeypatch):
    alice = somebody("alice")
    monkeypatch.setattr(making, "CHUNK_BYTES", 100)
    alice.write("words")
    ask(alice)
    work(app)
    assert chunks(app) > 10
    assert read(fetched(alice), "posts.json")["totalItems"] == 1


def test_a_dead_workers_job_begins_anew_without_a_double(app, somebody, monkeypatch):
    alice = somebody("alice")
    monkeypatch.setattr(making, "CHUNK_BYTES", 100)
    alice.write("words")
    ask(alice)
    with app.app_context():
        dead = queue.claim()
        db.session.execute(insert(ExportChunk).values(job_id=dead.job_id, number=0, content=b"half"))
        db.session.commit()
        assert queue.claim() is None  # it is somebody's
    change_job(app, due_at=now() - timedelta(seconds=1))  # the lease ran out
    assert work(app) == 1
    assert read(fetched(alice), "posts.json")["totalItems"] == 1


def test_a_worker_that_only_slept_stores_nothing_more(app, somebody, monkeypatch):
    alice = somebody("alice")
    ask(alice)
    with app.app_context():
        slow = queue.claim()
    change_job(app, due_at=now() - timedelta(seconds=1))
    assert work(app) == 1
    with app.app_context():
        for step in (
            lambda: queue.prolong(slow, 1, 2),
            lambda: queue.finish(slow, 3),
            lambda: queue.give_up(slow),
            lambda: making.make(slow),
        ):
            with pytest.raises(queue.Lost):
                step()
    assert fetched(alice).namelist()


def test_an_error_is_tried_again_and_in_the_end_told(app, somebody, monkeypatch):
    alice = somebody("alice")
    ask(alice)

    def breaks(_claimed) -> None:
        raise ValueError("broken")

    monkeypatch.setitem(worker.KINDS, making.KIND, breaks)
    for attempt in range(1, queue.MOST_ATTEMPTS + 1):
        assert work(app) == 0
        assert job_of(app).attempts == attempt
        assert job_of(app).is_pending == (attempt < queue.MOST_ATTEMPTS)
        if attempt < queue.MOST_ATTEMPTS:
            assert job_of(app).due_at > now()
            change_job(app, due_at=now())
    assert "could not be made" in alice.page(PAGE).text
    monkeypatch.undo()
    ask(alice)
    assert work(app) == 1


def test_a_job_that_kills_its_workers_is_not_tried_for_ever_and_leaves_no_half_file(app, somebody):
    alice = somebody("alice")
    ask(alice)
    for _ in range(queue.MOST_ATTEMPTS):
        with app.app_context():
            assert queue.claim()
        change_job(app, due_at=now())
    with app.app_context():
        db.session.execute(insert(ExportChunk).values(job_id=job_of(app).id, number=0, content=b"half"))
        db.session.commit()
    assert work(app) == 0
    assert job_of(app).failed
    assert chunks(app) == 0


def test_a_try_that_failed_leaves_no_half_file(app, somebody, monkeypatch):
    alice = somebody("alice")
    alice.write("words")
    ask(alice)
    monkeypatch.setattr(making, "CHUNK_BYTES", 100)
    written: list[int] = []

    def breaks(*_all) -> None:
        written.append(chunks(app))
        raise ValueError("broken")

    monkeypatch.setattr(making, "_write_page", breaks)
    for attempt in range(1, queue.MOST_ATTEMPTS + 1):
        assert work(app) == 0
        assert written.pop() > 10
        assert chunks(app) == 0
        assert job_of(app).is_pending == (attempt < queue.MOST_ATTEMPTS)
        if attempt < queue.MOST_ATTEMPTS:
            change_job(app, due_at=now())


def test_a_worker_that_lost_its_job_takes_nothing_from_the_one_that_has_it(app, somebody, monkeypatch):
    ask(somebody("alice"))

    def breaks(_claimed) -> None:
        change_job(app, due_at=now() - timedelta(seconds=1))  # the lease ran out
        with app.app_context():
            other = queue.claim()
            db.session.execute(insert(ExportChunk).values(job_id=other.job_id, number=0, content=b"half"))
            db.session.commit()
        raise ValueError("broken")

    monkeypatch.setitem(worker.KINDS, making.KIND, breaks)
    assert work(app) == 0
    assert chunks(app) == 1


def test_a_database_that_goes_away_leaves_the_job_for_later(app, somebody, monkeypatch):
    alice = somebody("alice")
    ask(alice)

    def breaks(_claimed) -> None:
        raise OperationalError("SELECT", {}, Exception("gone away"))

    monkeypatch.setitem(worker.KINDS, making.KIND, breaks)
    with pytest.raises(OperationalError):
        work(app)
    assert job_of(app).is_pending


def test_a_cancelled_export_is_not_finished(app, somebody, monkeypatch):
    alice = somebody("alice")
    ask(alice)
    count = sections.Section.count

    def cancelled(section, user):
        queue.drop(user, making.KIND)
        return count(section, user)

    monkeypatch.setattr(sections.Section, "count", cancelled)
    assert work(app) == 0
    assert chunks(app) == 0


def test_a_file_is_deleted_on_demand_and_after_its_time(app, somebody):
    alice = somebody("alice")
    for _ in range(2):
        ask(alice)
        work(app)
        assert chunks(app) > 0
        if _:
            change_job(app, expires_at=now() - timedelta(seconds=1))
            assert alice.get(f"{PAGE}/download").status_code == 404
            with app.app_context():
                queue.tidy()
        else:
            assert alice.post(f"{PAGE}/delete").location == PAGE
        assert chunks(app) == 0


def test_a_mail_says_that_it_is_ready(mailing):
    alice = mailing.member("alice")
    alice.post("/language", {"language": "es"})
    ask(alice)
    work(mailing.app)
    mailing.deliver()
    mail = mailing.mailbox.text("alice@example.org")
    assert "https://blog.example/account/export" in mail
    assert "archivo con tus datos" in mail
    with mailing.app.test_request_context(), force_locale("es"):
        assert f"hasta el {full_moment(job_of(mailing.app).expires_at)}." in mail, "however late it comes"


def test_the_command_works_the_queue_off(app, somebody):
    ask(somebody("alice"))
    result = app.test_cli_runner().invoke(args=["jobs", "work"])
    assert result.output.endswith("1 done\n")


def test_the_thread_works_by_itself(app, somebody, monkeypatch):
    alice = somebody("alice")
    ask(alice)
    monkeypatch.setattr(worker, "LOOK_EVERY_SECONDS", 0.01)
    thread = worker.Worker(app)
    thread.start()
    for _ in range(1000):
        if job_of(app).is_ready:
            break
        thread.join(0.01)
    thread.stop()
    assert fetched(alice).namelist()


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/progress"])
def test_in_a_bare_run_the_page_has_the_job_worked_off(app, somebody, monkeypatch, path):
    alice = somebody("alice")
    ask(alice)
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "true")  # the server was started again
    monkeypatch.setattr(worker, "LOOK_EVERY_SECONDS", 0.01)
    monkeypatch.setattr(worker, "_running", [])
    assert alice.get(path).status_code == 200
    (thread,) = worker._running
    wait_until(lambda: job_of(app).is_ready, 10, "the export")
    thread.stop()


def test_leaving_offers_the_export_and_waits_for_one_that_is_made(app, somebody):
    alice = somebody("alice")
    assert alice.page("/account/delete").find("a", href=PAGE)
    ask(alice)
    response = alice.post("/account/delete", {"current": PASSWORD})
    assert (response.status_code, "still being made" in response.text) == (422, True)
    work(app)
    assert alice.post("/account/delete", {"current": PASSWORD}).location == "/explore"
    assert chunks(app) == 0


def test_whoever_leaves_may_keep_the_file_for_the_rest_of_its_time(app, somebody, browser):
    alice = somebody("alice")
    alice.write("last words")
    ask(alice)
    work(app)
    page = alice.post("/account/delete", {"current": PASSWORD, "keep": "y"}).location
    assert page.startswith("/export/kept?token=")
    assert browser.get(page).headers["Referrer-Policy"] == "no-referrer"
    link = browser.page(page).find("a", string="Download")["href"]
    assert read(fetched(browser, link), "posts.json")["totalItems"] == 1
    assert browser.get("/export/kept?token=wrong").status_code == 410
    assert browser.get("/export/kept/download?token=wrong").status_code == 410
    change_job(app, expires_at=now() - timedelta(seconds=1))
    assert browser.get(link).status_code == 410


def test_leaving_takes_jobs_along(app, somebody, store):
    alice = somebody("alice")
    ask(alice)
    work(app)
    with app.app_context():
        leave(db.session.get(User, store.user("alice").id))
        assert db.session.scalar(select(func.count()).select_from(Job)) == 0
    assert chunks(app) == 0


def test_memory_stays_small_however_much_there_is(app, somebody, store):
    """A piece is 256 KiB, a page 200 rows: what is in memory does not grow with the export."""
    alice = somebody("alice")
    peaks = []
    for amount in (1000, 8000):
        store.add_posts(store.user("alice").id, amount)
        ask_again(alice)
        tracemalloc.start()
        assert work(app) == 1
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 4 * CHUNK_BYTES
