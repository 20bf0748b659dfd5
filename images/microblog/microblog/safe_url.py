"""Where a person may be sent after a form: to this site and nowhere else."""


def same_site_path(target: str | None) -> str | None:
    """The target when it is a plain path of this site, such as /explore?before=9; else None."""
    if not target or not target.startswith("/") or target.startswith("//"):
        return None
    # Browsers take a backslash for a slash and drop control characters: /\host and /<tab>/host lead away.
    if "\\" in target or any(character <= " " or character == "\x7f" for character in target):
        return None
    return target
