"""One text for one content, and its checksum: what was signed or frozen can be told from anything else."""

import hashlib
import json
from typing import Any


def canonical(content: dict[str, Any]) -> str:
    """The content as JSON: sorted keys, no spaces, UTF-8."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
