"""Commands about people: `flask user …`, `flask audit` and `flask seed`."""

from datetime import UTC, datetime, timedelta

import click
from flask.cli import AppGroup, with_appcontext

from .audit import Shown
from .models import User
from .oversight import FOREVER, WORDS_LENGTH
from .plain_text import printable, tidy
from .roles import NAMES, Role

user = AppGroup("user", help="Roles and suspensions.")

LAST_ADMIN = "This is the last admin: promote somebody else first."
FIRST_END = datetime(2000, 1, 1, tzinfo=UTC)
limit_option = click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
reason_option = click.option("--reason", default="", metavar="TEXT", help="Why, for the audit trail.")


@user.command()
@click.argument("name")
@click.option("--role", type=click.Choice(NAMES[1:]), default="admin", show_default=True)
@reason_option
def promote(name: str, role: str, reason: str) -> None:
    """Make somebody a moderator or an admin."""
    _give(name, role, reason)


@user.command()
@click.argument("name")
@click.option("--role", type=click.Choice(NAMES[:2]), default="person", show_default=True)
@reason_option
def demote(name: str, role: str, reason: str) -> None:
    """Take a role away."""
    _give(name, role, reason)


@user.command()
@click.argument("name")
@click.option("--days", type=click.IntRange(1, 3650), help="How long; for good without it.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; the person reads this.")
def suspend(name: str, days: int | None, reason: str) -> None:
    """Keep somebody out."""
    from .moderation import decisions
    from .moderation.role_changes import LastAdmin
    from .times import now

    subject = _find(name)
    until = now() + timedelta(days=days) if days else FOREVER
    words = _fitting(reason)
    if not words:
        raise click.ClickException("Say why: the person reads the reason.")
    try:
        decisions.suspend_unreported(None, subject, words, until)
    except LastAdmin:
        raise click.ClickException(LAST_ADMIN) from None
    click.echo(f"{subject.username} is suspended{f' until {until:%Y-%m-%d %H:%M} UTC' if days else ''}.")


@user.command()
@click.argument("name")
@reason_option
def restore(name: str, reason: str) -> None:
    """End a suspension."""
    from .moderation import decisions

    subject = _find(name)
    done = decisions.lift(None, subject, _fitting(reason))
    click.echo(f"{subject.username} {'is no longer' if done else 'was not'} suspended.")


@user.command(name="list")
@click.option("--role", type=click.Choice(NAMES), help="Only those.")
@click.option("--suspended", is_flag=True, help="Only those who are suspended.")
@limit_option
def list_(role: str | None, suspended: bool, limit: int) -> None:
    """Print people, the newest account first."""
    from .moderation import roster
    from .pages import LARGEST_ID

    if suspended:
        page = roster.suspended_now(LARGEST_ID, limit)
    else:
        page = roster.everybody(limit, role=Role.named(role) if role else None)
    for one in page.entries:
        until = "" if one.until is None else f"suspended until {one.until:%Y-%m-%d}"
        click.echo(f"{one.username:<32} {NAMES[one.role]:<9} {one.created_at:%Y-%m-%d} {until}".rstrip())


@click.command()
@click.option("--act", help="Only this act, like suspended or login_failed.")
@click.option("--person", metavar="NAME", help="Only by and about this person.")
@limit_option
@with_appcontext
def audit(act: str | None, person: str | None, limit: int) -> None:
    """Print the audit trail, the newest entry first."""
    from . import audit as trail

    if act is not None and act not in set(trail.Act):
        raise click.ClickException(f"There is no act {act}: {', '.join(trail.Act)}.")
    person_id = _find(person).id if person else None
    for one in trail.entries(limit, act=act, person_id=person_id).entries:
        click.echo(_line(one))


@click.command()
@click.option("--people", default=200, show_default=True, type=click.IntRange(2))
@click.option("--follows", default=20, show_default=True, type=click.IntRange(0), help="Of each person.")
@click.option("--posts", default=5000, show_default=True, type=click.IntRange(0), help="Replies among them.")
@click.option("--seed", "number", default=1, show_default=True, help="The same number, the same community.")
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), help="The day of the last post; today without it."
)
@click.option("--more", is_flag=True, help="Add to a database that is not empty.")
@click.option("--in-production", is_flag=True, help="Also where real people seem to be.")
@with_appcontext
def seed(
    people: int,
    follows: int,
    posts: int,
    number: int,
    until: datetime | None,
    more: bool,
    in_production: bool,
) -> None:
    """Make a community to try things on: people, follows, threads, likes, reposts, over half a year.

    All of its people have the password that is printed at the end. It refuses where the database is not
    empty, unless --more; and where this looks like production, unless --in-production: mail is set up, or
    people with real addresses are in a MariaDB.
    """
    from .seeding import PASSWORD, Size, fill, why_not

    end = (until or datetime.now(UTC)).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)
    if end < FIRST_END:
        raise click.BadParameter(f"nothing is older than {FIRST_END:%Y-%m-%d}.", param_hint="--until")
    wanted = Size(people, follows, posts, number, end)
    if problem := why_not(more, in_production):
        raise click.ClickException(problem)
    with click.progressbar(length=people + posts, label="Seeding", show_pos=True) as bar:
        made = fill(wanted, bar.update)
    click.echo(made.summary)
    click.echo(f"Everybody's password is: {PASSWORD}")


def _give(name: str, role: str, reason: str) -> None:
    from .moderation.role_changes import NOTE_LENGTH, LastAdmin, change

    subject = _find(name)
    try:
        changed = change(None, subject, Role.named(role), _fitting(reason, NOTE_LENGTH))
    except LastAdmin:
        raise click.ClickException(LAST_ADMIN) from None
    click.echo(f"{subject.username} is {'' if changed else 'already '}{role}.")


def _find(name: str) -> User:
    from .moderation import roster

    found = roster.find(name) if printable(name) else None
    if found is None:
        raise click.ClickException(f"There is nobody called {name}.")
    return found


def _fitting(reason: str, most: int = WORDS_LENGTH) -> str:
    words = tidy(reason)
    if not printable(words):
        raise click.ClickException("There are characters in the reason that nobody can read.")
    if len(words) > most:
        raise click.ClickException(f"This reason may have {most} characters at most.")
    return words


def _line(one: Shown) -> str:
    actor = one.actor or (f"({one.actor_id})" if one.actor_id else "-")
    subject = one.subject or (f"({one.subject_id})" if one.subject_id else "-")
    about = [f"case {one.case_id}"] if one.case_id else []
    about += [f"post {one.post_id}"] if one.post_id else []
    words = " ".join([*about, *([one.network] if one.network else []), one.words.replace("\n", " ")])
    return f"{one.created_at:%Y-%m-%d %H:%M:%S} {one.act:<17} {actor} → {subject} {words}".rstrip()
