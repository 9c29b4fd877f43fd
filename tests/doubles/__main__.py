"""`python -m tests.doubles [NAME...]`: starts doubles on free ports, prints the settings that lead mayday to them, and
serves until it is interrupted.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack

from tests.doubles.fleet import every_double


async def main(wanted: list[str]) -> int:
    doubles = every_double()
    unknown = [name for name in wanted if name not in doubles]
    if unknown:
        print(f"no double of {', '.join(unknown)}; there are {', '.join(doubles)}", file=sys.stderr)
        return 2
    async with AsyncExitStack() as stack:
        for name in wanted or doubles:
            double = await stack.enter_async_context(doubles[name]())
            for key, value in double.settings().items():
                print(f"export {key}='{value}'")
        sys.stdout.flush()
        await asyncio.Event().wait()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main(sys.argv[1:])))
    except KeyboardInterrupt:
        sys.exit(0)
