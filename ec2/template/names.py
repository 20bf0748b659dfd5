"""Names inside the template: logical ids of letters and digits, and tags that begin with the stack's name.

Host names have no capitals, so that `AppImage` is the host app's and `AppDatabaseVolume` cannot be anything
but the volume that the host app keeps for the role database.
"""

from troposphere import AWS_STACK_NAME, Ref, Sub, Tags


def logical_id(name: str, *words: object) -> str:
    """`app`, "Security", "Group" -> AppSecurityGroup."""
    return "".join([name.capitalize(), *map(str, words)])


def of_stack(text: str) -> Sub:
    """A text in which ${AWS::StackName} and its like are filled in."""
    return Sub(text)


def tags(suffix: str = "", **more: str) -> Tags:
    """Name and Stack, which everything has that can have tags, and what else is said."""
    name = of_stack(f"${{AWS::StackName}}-{suffix}") if suffix else Ref(AWS_STACK_NAME)
    return Tags(Name=name, Stack=Ref(AWS_STACK_NAME), **more)
