"""The pages about people for those who moderate them: suspensions and, for admins, roles."""

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from .. import limits, suspensions
from ..auth.signed_in import signed_in
from ..models import User
from ..pages import asked_before, page_size
from ..roles import NAMES, Role, moderates, role_of
from . import cases, decisions, guard, roster
from .forms import LiftForm, RoleForm, SuspendForm, until
from .role_changes import LAST_ADMIN, LastAdmin, change
from .views import INVALID, blueprint

PERSON = "/moderation/people/<username:username>"


@blueprint.get("/moderation/people")
@guard.at_least(Role.MODERATOR)
def people() -> ResponseReturnValue:
    """Those with a role, and those who are suspended."""
    page = roster.suspended_now(asked_before(), page_size())
    return render_template("moderation/people.html", staff=roster.with_a_role(), page=page, roles=NAMES)


@blueprint.get(PERSON)
@guard.at_least(Role.MODERATOR)
def person(username: str) -> ResponseReturnValue:
    """A person, what was decided about them, and what can be."""
    return _person(_find(username))


@blueprint.post(f"{PERSON}/suspend")
@guard.at_least(Role.MODERATOR)
def suspend(username: str) -> ResponseReturnValue:
    """Keep a person out whom nobody reported."""
    subject, form = _find(username), SuspendForm()
    actor = guard.about(subject)
    if not form.validate_on_submit():
        return _person(subject, suspend_form=form), INVALID
    try:
        decisions.suspend_unreported(actor, subject, form.reason.data, until(form.duration.data))
    except LastAdmin:
        return _back(subject, str(LAST_ADMIN))
    return _back(subject, _("%(name)s is suspended.", name=subject.username))


@blueprint.post(f"{PERSON}/restore")
@guard.at_least(Role.MODERATOR)
def restore(username: str) -> ResponseReturnValue:
    """Let a person in again."""
    subject, form = _find(username), LiftForm()
    actor = guard.about(subject)
    if not form.validate_on_submit():
        return _person(subject, lift_form=form), INVALID
    done = decisions.lift(actor, subject, form.reason.data)
    said = _("%(name)s is no longer suspended.") if done else _("%(name)s is not suspended.")
    return _back(subject, said % {"name": subject.username})


@blueprint.post(f"{PERSON}/role")
@guard.at_least(Role.ADMIN)
def role(username: str) -> ResponseReturnValue:
    """Give a person a role, or oneself a lower one."""
    subject, form, actor = _find(username), RoleForm(), signed_in()
    limits.take("moderation by", str(actor.id), guard.ACTS)
    if not form.validate_on_submit():
        return _person(subject, role_form=form), INVALID
    try:
        change(actor, subject, Role.named(form.role.data), form.note.data)
    except LastAdmin:
        return _back(subject, str(LAST_ADMIN))
    if subject.id == actor.id and role_of(subject) < Role.MODERATOR:
        flash(_("You are a person like others now."))
        return redirect(url_for("posts.home"), 303)
    return _back(subject, _("The role is saved."))


def _find(username: str) -> User:
    return roster.find(username) or abort(404)


def _person(
    subject: User,
    suspend_form: SuspendForm | None = None,
    lift_form: LiftForm | None = None,
    role_form: RoleForm | None = None,
) -> str:
    return render_template(
        "moderation/person.html",
        subject=subject,
        role=role_of(subject),
        roles=NAMES,
        may_decide=moderates(signed_in(), subject),
        may_give_roles=role_of(signed_in()) == Role.ADMIN,
        suspension=suspensions.of(subject),
        earlier=cases.about(subject) if moderates(signed_in(), subject) else (),
        suspend_form=suspend_form or SuspendForm(formdata=None),
        lift_form=lift_form or LiftForm(formdata=None),
        role_form=role_form or RoleForm(formdata=None, role=role_of(subject).name.lower()),
    )


def _back(subject: User, said: str) -> ResponseReturnValue:
    flash(said)
    return redirect(url_for("moderation.person", username=subject.username), 303)
