"""What a database's error means: broken statement of ours, or a database that can do nothing now.

SQLite says it in its result code (https://www.sqlite.org/rescode.html), PostgreSQL in SQLSTATE
(https://www.postgresql.org/docs/current/errcodes-appendix.html). Never by the words.
"""

from __future__ import annotations

import errno
import sqlite3

from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError

from mayday.records.errors import Why

__all__ = ["unavailable"]

_FULL, _READ_ONLY = "53100", "25006"
_ERRNO: dict[int, Why] = {errno.ENOSPC: "full", errno.EDQUOT: "full", errno.EROFS: "read_only"}
_SQLITE: dict[int, Why] = {
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_IOERR: "disk_error",  # also what it makes of a quota that is used up
}
_CLASSES = ("08", "53", "57", "58")
"""Connection, insufficient resources, operator intervention (shutting down, starting up), errors of the system."""


def unavailable(error: BaseException) -> Why | None:
    """Why the database can do nothing now; None where the error says something else."""
    if not isinstance(error, DBAPIError | sqlite3.Error):
        return _ERRNO.get(getattr(error, "errno", None) or 0, "unreachable")
    plain = error.orig if isinstance(error, DBAPIError) else error  # a transaction is begun past SQLAlchemy
    code = getattr(plain, "sqlite_errorcode", None)
    if code is not None and (code & 0xFF) in _SQLITE:
        return _SQLITE[code & 0xFF]
    state = str(getattr(plain, "sqlstate", None) or "")
    if state in (_FULL, _READ_ONLY):
        return "full" if state == _FULL else "read_only"
    # SQLite's plain DatabaseError, none of its subclasses, is what it says of a file that is broken or no database
    broken = type(error) in (DatabaseError, sqlite3.DatabaseError) and isinstance(plain, sqlite3.DatabaseError)
    away = isinstance(error, OperationalError | InterfaceError | sqlite3.OperationalError)
    away = away or (isinstance(error, DBAPIError) and error.connection_invalidated)
    return "unreachable" if broken or away or state.startswith(_CLASSES) else None
