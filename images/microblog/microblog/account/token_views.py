"""The page of one's tokens: what programs one has let in, a new one, and the end of each."""

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ..auth import api_tokens
from ..auth.held import PasswordChanged
from ..auth.signed_in import signed_in, signed_in_only
from ..pages import LARGEST_ID
from .forms import TokenForm
from .views import INVALID, blueprint, knows_the_password


@blueprint.get("/account/tokens")
@signed_in_only
def tokens() -> ResponseReturnValue:
    """All tokens, and a form for another."""
    return _page(TokenForm(formdata=None))


@blueprint.post("/account/tokens")
@signed_in_only
def issue_token() -> ResponseReturnValue:
    """Make a token, and show its secret on the answer to this request only."""
    form = TokenForm()
    if not (form.validate_on_submit() and _is_another(form) and knows_the_password(form)):
        return _page(form), INVALID
    scopes = ["read", "write"] if form.writes.data else ["read"]
    try:
        issued = api_tokens.issue(signed_in(), form.name.data, scopes, form.days.data)
    except PasswordChanged:
        return redirect(url_for("auth.login"), 303)
    if issued is None:
        form.name.errors = [_("You have too many tokens. Revoke one that you no longer need.")]
        return _page(form), INVALID
    return _page(TokenForm(formdata=None), secret=issued[1]), 201


@blueprint.post(f"/account/tokens/<int(max={LARGEST_ID}):number>/revoke")
@signed_in_only
def revoke_token(number: int) -> ResponseReturnValue:
    """End one token."""
    if not api_tokens.revoke(signed_in(), number):
        abort(404)
    flash(_("The token is revoked. Nobody can use it any more."))
    return redirect(url_for("account.tokens"), 303)


def _is_another(form: TokenForm) -> bool:
    # Whoever reloads the page with the secret on it sends the form again, and should not get a second token.
    if form.name.data not in {token.name for token in api_tokens.of(signed_in())}:
        return True
    form.name.errors = [_("You have a token of this name already.")]
    return False


def _page(form: TokenForm, secret: str | None = None) -> str:
    return render_template("account/tokens.html", form=form, secret=secret, tokens=api_tokens.of(signed_in()))
