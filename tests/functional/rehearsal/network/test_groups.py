"""Security groups, tried with new connections between containers."""

from tests.functional.rehearsal.network.conftest import GROUPS, Cloud, port


def test_in_every_cell_of_four_groups_the_right_connection_opens_and_the_wrong_ones_do_not(
    cloud: Cloud,
) -> None:
    cells = [(receiver, series) for receiver in GROUPS for series in (50, 60, 70)]
    answers = cloud.answers(
        {
            sender: [
                {"to": member(cloud, receiver, sender), "port": port(series, sender, receiver)}
                for receiver, series in cells
            ]
            for sender in GROUPS
        }
    )
    opened = {
        (sender, *cell): answer == cloud.private(sender)
        for sender in GROUPS
        for cell, answer in zip(cells, answers[sender], strict=True)
    }
    assert opened == {(f, t, s): s == 70 for f in GROUPS for t in GROUPS for s in (50, 60, 70)}


def member(cloud: Cloud, group: str, sender: str) -> str:
    """The group's first member; of the sender's own group its second, which is in another subnet."""
    return cloud.private(f"{group}2" if group == sender else group)


def test_the_opposite_direction_of_a_permitted_connection_is_not_permitted(cloud: Cloud) -> None:
    answers = cloud.answers(
        {
            sender: [
                {"to": cloud.private(receiver), "port": port(70, receiver, sender)}
                for receiver in GROUPS
                if receiver != sender
            ]
            for sender in GROUPS
        }
    )
    assert answers == {sender: [""] * 3 for sender in GROUPS}
