"""What the ledger's lines tell, and what can be rolled back to."""

from dataclasses import replace

import pytest

from ec2.errors import NoSuchRelease
from ec2.history import History, together
from ec2.ledger import Entry, read_entries

FIRST = Entry("deploy", "20261124T100000Z-aaa", "aaa", "2026-11-24T10:00:00+00:00", "ada@desk")
SECOND = Entry("deploy", "20261124T110000Z-bbb", "bbb", "2026-11-24T11:00:00+00:00", "ben@desk")
BACK = Entry("rollback", FIRST.release, "aaa", "2026-11-24T12:00:00+00:00", "ada@desk")


def done(entry: Entry) -> Entry:
    return entry.done({"rollout": 1.25}, 7)


def history(*entries: Entry, serves: str, kept: tuple[str, ...] = ()) -> History:
    return History(entries, frozenset(kept), {"app": serves})


def test_a_deployment_is_told_by_its_last_line() -> None:
    lines = [FIRST.line(), SECOND.line(), done(FIRST).line(), SECOND.failed("no database").line()]
    assert [(e.commit, e.outcome, e.message) for e in read_entries(lines)] == [
        ("aaa", "done", ""),
        ("bbb", "failed", "no database"),
    ]


def test_one_without_an_end_was_broken_off() -> None:
    assert read_entries([FIRST.line()])[0].outcome == "begun"


def test_what_is_no_line_is_passed_over() -> None:
    assert read_entries([FIRST.line()[:30], '{"of": "another version"}', "7"]) == []


def test_going_back_means_what_served_before() -> None:
    kept = (FIRST.release, SECOND.release)
    deployed = history(done(FIRST), done(SECOND), serves=SECOND.release, kept=kept)
    assert deployed.before_current() == done(FIRST)
    gone_back = history(done(FIRST), done(SECOND), done(BACK), serves=FIRST.release, kept=kept)
    assert gone_back.before_current() == done(SECOND)


def test_a_failed_release_is_nothing_to_go_back_to() -> None:
    deployed = history(FIRST.failed("sick"), done(SECOND), serves=SECOND.release, kept=(SECOND.release,))
    with pytest.raises(NoSuchRelease, match="no earlier release"):
        deployed.before_current()


def test_a_release_is_found_by_the_beginning_of_its_id_and_by_its_commit() -> None:
    found = history(done(FIRST), done(SECOND), serves=SECOND.release)
    assert found.find("20261124T10") == found.find("aaa") == done(FIRST)
    with pytest.raises(NoSuchRelease, match=f"several releases begin with '2026': {FIRST.release}, "):
        found.find("2026")
    with pytest.raises(NoSuchRelease, match="there is no release 'ccc'"):
        found.find("ccc")


def test_where_hosts_differ_nobody_can_say_which_release_serves() -> None:
    assert history(done(FIRST), serves=FIRST.release).serves() == FIRST.release
    serving = {"app": SECOND.release, "data": FIRST.release, "new": ""}
    apart = History((done(FIRST), done(SECOND)), frozenset(), serving)
    with pytest.raises(NoSuchRelease) as refused:
        apart.serves()
    assert refused.value.message == (
        f"no release serves on every host: app: {SECOND.release}; data: {FIRST.release}; new: none"
    )
    assert refused.value.hint == "python -m ec2 diff BEFORE AFTER"


def test_what_one_host_does_not_keep_is_not_kept() -> None:
    first = f"serves {SECOND.release}\nkept {FIRST.release}\nkept {SECOND.release}\n{done(FIRST).line()}\n"
    second = f"serves {FIRST.release}\nkept {SECOND.release}\n{done(FIRST).line()}\n"
    found = together([first, second], ["app", "jenkins"])
    assert found.kept == {SECOND.release}
    assert found.current == ""
    assert found.entries == (done(FIRST),)
    with pytest.raises(NoSuchRelease, match="is not kept any more") as refused:
        found.require_kept(FIRST)
    assert refused.value.hint == "git checkout aaa && python -m ec2 deploy"


def test_a_long_account_is_cut() -> None:
    assert len(replace(FIRST).failed("x" * 5000).message) == 400
