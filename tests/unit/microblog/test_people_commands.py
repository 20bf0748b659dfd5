"""What an operator does with people on the command line."""

import pytest
from sqlalchemy import select

from microblog.database import db
from microblog.oversight import Suspension
from microblog.roles import Role


@pytest.fixture
def flask(app):
    """Runs a command; gives its exit code and what it said."""

    def run(*words: str) -> tuple[int, str]:
        result = app.test_cli_runner().invoke(args=words)
        lines = [line for line in result.output.splitlines() if not line.startswith("{")]
        return result.exit_code, "\n".join(lines)

    return run


def test_somebody_becomes_an_admin_a_moderator_and_a_person_again(flask, store):
    store.add_user("Ada")
    store.add_user("bob")
    assert flask("user", "promote", "ada") == (0, "Ada is admin.")
    assert store.user("ada").role == Role.ADMIN
    assert flask("user", "promote", "bob") == (0, "bob is admin.")
    assert flask("user", "promote", "bob") == (0, "bob is already admin.")
    assert flask("user", "promote", "bob", "--role", "moderator") == (0, "bob is moderator.")
    assert flask("user", "demote", "bob") == (0, "bob is person.")
    code, said = flask("user", "demote", "ada")
    assert (code, "last admin" in said) == (1, True)
    code, said = flask("user", "suspend", "ada", "--reason", "x")
    assert (code, "last admin" in said) == (1, True)
    assert flask("user", "promote", "carol") == (1, "Error: There is nobody called carol.")
    assert store.user("ada").role == Role.ADMIN


def test_the_reason_for_a_role_is_shorter(flask, store):
    store.add_user("ada")
    code, said = flask("user", "promote", "ada", "--reason", "x" * 401)
    assert (code, said) == (1, "Error: This reason may have 400 characters at most.")
    assert store.user("ada").role == Role.PERSON


def test_somebody_is_suspended_and_restored(app, flask, somebody):
    eve = somebody("eve")
    assert flask("user", "suspend", "eve")[0] == 2, "not without a reason"
    code, said = flask("user", "suspend", "eve", "--days", "7", "--reason", "spam")
    assert (code, said.startswith("eve is suspended until 2")) == (0, True)
    assert eve.get("/account").location.startswith("/login")
    assert "eve " in flask("user", "list", "--suspended")[1]
    assert flask("user", "restore", "eve") == (0, "eve is no longer suspended.")
    assert flask("user", "restore", "eve") == (0, "eve was not suspended.")
    assert flask("user", "suspend", "eve", "--reason", "x" * 501)[0] == 1
    assert flask("user", "suspend", "eve", "--reason", "for good") == (0, "eve is suspended.")
    with app.app_context():
        assert db.session.scalar(select(Suspension)).until.year == 9999


@pytest.mark.parametrize(
    "words",
    [
        ("user", "list", "--limit", str(2**63 - 1)),
        ("user", "list", "--limit", str(2**63)),
        ("audit", "--limit", str(2**63)),
        ("seed", "--until", "0001-01-01"),
        ("translations", "add", "zz"),
        ("translations", "add", "../x"),
        ("translations", "add", ""),
    ],
)
def test_what_cannot_be_is_said_and_not_tried(flask, words):
    code, said = flask(*words)
    assert code == 2
    assert "Error: Invalid value for" in said


def test_people_are_listed(flask, store):
    for name, role in (("ada", Role.ADMIN), ("bob", Role.PERSON), ("molly", Role.MODERATOR)):
        store.add_user(name, role=int(role))
    names = [line.split()[:2] for line in flask("user", "list")[1].splitlines()]
    assert names == [["molly", "moderator"], ["bob", "person"], ["ada", "admin"]]
    assert [line.split()[0] for line in flask("user", "list", "--role", "admin")[1].splitlines()] == ["ada"]
    assert len(flask("user", "list", "--limit", "1")[1].splitlines()) == 1


def test_the_audit_trail_is_printed(flask, store):
    store.add_user("ada")
    store.add_user("eve")
    flask("user", "promote", "ada", "--reason", "founded\nit")
    flask("user", "suspend", "eve", "--reason", "spam")
    lines = flask("audit")[1].splitlines()
    assert [line.split()[2] for line in lines] == ["suspended", "role_changed"]
    assert lines[0].endswith("- → eve case 1 spam")
    assert lines[1].endswith("- → ada person → admin: founded it")
    assert len(flask("audit", "--person", "eve")[1].splitlines()) == 1
    assert len(flask("audit", "--act", "role_changed")[1].splitlines()) == 1
    assert len(flask("audit", "--limit", "1")[1].splitlines()) == 1
    assert "There is no act dance" in flask("audit", "--act", "dance")[1]


@pytest.mark.parametrize(
    ("reason", "problem"),
    [
        ("", "Say why"),
        (" \n", "Say why"),
        ("spam\0", "nobody can read"),
        # What a terminal makes of a byte that is not UTF-8.
        ("spam\udcff", "nobody can read"),
    ],
)
def test_a_reason_that_the_person_cannot_read_is_refused(app, flask, store, reason, problem):
    store.add_user("eve")
    code, said = flask("user", "suspend", "eve", "--reason", reason)
    assert (code, problem in said) == (1, True)
    with app.app_context():
        assert not db.session.scalars(select(Suspension)).all()


def test_a_name_that_is_no_text_is_nobodys(flask):
    code, said = flask("user", "suspend", "\udcff", "--reason", "spam")
    assert (code, said.startswith("Error: There is nobody called")) == (1, True)


def test_the_site_is_closed_by_a_file_beside_the_assets(flask, tmp_path):
    for state, there in (("on", True), ("on", True), ("off", False), ("off", False)):
        code, _ = flask("maintenance", state, "--assets", str(tmp_path))
        assert (code, (tmp_path / ".maintenance").exists()) == (0, there)
    assert flask("maintenance", "on", "--assets", str(tmp_path / "none"))[0] == 1
