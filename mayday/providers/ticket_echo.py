"""What we wrote into a ticket comes back as the ticket's webhook: how it is known, so that nothing echoes.

Every work note of a flush ends with the number and the hash of its last entry (`activities.timeline`).
"""

from __future__ import annotations

import re

__all__ = ["is_ours"]

_SEAL = re.compile(r"Timeline up to \d+, sha256 [0-9a-f]{64}")


def is_ours(text: str) -> bool:
    """Whether a note of a ticket is one that we wrote."""
    return _SEAL.search(text) is not None
