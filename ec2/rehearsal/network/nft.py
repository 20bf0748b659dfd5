"""How sets, maps, chains and comments are written for nft."""

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from ipaddress import IPv4Address
from textwrap import indent

VERSION = "rules "
COMMENT_CHARACTERS = 100  # nft refuses more than 128


def ruleset(family: str, table: str, parts: Iterable[str]) -> str:
    """A script that replaces the table in one step; its first line is for a table that is not there yet.

    The table's comment tells one rule set from another, so a script that is loaded already is known by it.
    """
    body = indent("\n".join(parts), "    ", lambda line: bool(line.strip()))
    version = sha256(body.encode()).hexdigest()[:16]
    head = f"table {family} {table}\ndelete table {family} {table}\ntable {family} {table} {{\n"
    return f'{head}    comment "{VERSION}{version}"\n\n{body}}}\n'


def version_of(text: str) -> str:
    """The version in a script or in what nft lists; "" where there is none."""
    found = re.search(f'comment "{VERSION}([0-9a-f]+)"', text)
    return found.group(1) if found else ""


def named_set(name: str, kind: str, elements: Iterable[object]) -> str:
    """A set; an empty one has no `elements`, which nft would refuse."""
    return collection("set", name, kind, sorted(map(str, elements)))


def named_map(name: str, kind: str, entries: Mapping[IPv4Address, object]) -> str:
    """A map from an address to an address or a verdict."""
    return collection("map", name, kind, sorted(f"{key} : {value}" for key, value in entries.items()))


def collection(what: str, name: str, kind: str, elements: list[str]) -> str:
    lines = [f"type {kind}"]
    if elements:
        lines += ["elements = {", *(f"    {element}," for element in elements), "}"]
    return block(f"{what} {identifier(name)}", lines)


def base_chain(
    name: str, kind: str, hook: str, priority: int, rules: Iterable[str], comment: str = ""
) -> str:
    """A chain that the kernel calls; what reaches its end passes."""
    start = f"type {kind} hook {hook} priority {priority}; policy accept;"
    return block(f"chain {identifier(name)}", [*described(comment), start, *rules])


def chain(name: str, rules: Iterable[str], comment: str = "") -> str:
    """A chain that other chains jump to."""
    return block(f"chain {identifier(name)}", [*described(comment), *rules])


def block(head: str, lines: Iterable[str]) -> str:
    return head + " {\n" + "".join(f"    {line}\n" for line in lines) + "}\n"


def described(comment: str) -> list[str]:
    return [f'comment "{quoted(comment)}"'] if comment else []


def rule(*words: str, because: str = "") -> str:
    """One rule; nothing is left of words that are empty."""
    return " ".join(word for word in (*words, *described(because)) if word)


def one_of(values: Iterable[object]) -> str:
    """An anonymous set. There must be at least one value."""
    return "{ " + ", ".join(map(str, values)) + " }"


def identifier(text: str) -> str:
    """A name nft takes; AWS's ids are such names already."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", text)


def quoted(text: str) -> str:
    """What people wrote, without what could end a comment or a line."""
    return re.sub(r'[^ -~]|["\\]', "?", text)[:COMMENT_CHARACTERS]
