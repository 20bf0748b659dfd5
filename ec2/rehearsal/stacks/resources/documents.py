"""Policy documents: a template has them as maps, most of the API as JSON."""

import json
from typing import Any


def as_text(document: Any) -> str:
    """A document as JSON; a template may have it as JSON already."""
    return document if isinstance(document, str) else json.dumps(document)


def as_map(document: Any) -> Any:
    """A document as a map; boto3 decodes IAM's, other services' are JSON."""
    return json.loads(document) if isinstance(document, str) and document else document
