"""The embedded desk: every port, working, over the records store. A fresh machine can run a real incident with it.

Whatever is done here is one row of `effects` and its register's rows in one transaction, so that an order given twice
is carried out once. People read the desk and answer it in CLI, API and console.
"""

from __future__ import annotations

NAME = "desk"
