"""What is put in a place of moto's, and taken away again."""

import pytest

from ec2.rehearsal.control import originals
from ec2.rehearsal.control.originals import as_it_was, original, replace


class Place:
    """As moto has it."""

    def said(self) -> str:
        return "moto"


def ours(place: Place) -> str:
    return "ours"


@pytest.fixture(autouse=True)
def _no_other_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(originals, "ORIGINALS", {})


def test_everything_is_motos_own_again_afterwards() -> None:
    with as_it_was():
        replace(Place, "said", ours)
        replace(Place, "new", ours)
        assert (Place().said(), Place().new()) == ("ours", "ours")  # type: ignore[attr-defined]
    assert Place().said() == "moto"
    assert not hasattr(Place, "new")


def test_the_original_is_motos_however_often_it_was_replaced() -> None:
    with as_it_was():
        replace(Place, "said", ours)
        replace(Place, "said", lambda place: ours(place))
        assert original(Place, "said")(Place()) == "moto"


def test_what_moto_does_not_have_has_no_original() -> None:
    with pytest.raises(KeyError):
        original(Place, "new")
