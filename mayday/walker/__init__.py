"""The walker: walks a plan as a reducer (docs/adr/0001). `Walker` is the whole of its public face."""

from mayday.walker.walker import Walker, WalkerStuck

__all__ = ["Walker", "WalkerStuck"]
