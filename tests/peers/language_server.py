"""An editor's side of the Language Server Protocol, as far as completion, hover and red lines need it.

https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

WISHES = {
    "textDocument": {
        "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}},
        "hover": {"contentFormat": ["markdown"]},
    }
}


class LanguageServer:
    """A language server that is talked to over its standard input and output, as long as the `with` lasts."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self._command = command
        self._folder = folder
        self._asked = 0
        self._opened = 0
        self._red_lines: dict[str, list[dict[str, Any]]] = {}

    def __enter__(self) -> LanguageServer:
        self._running = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._ask("initialize", {"processId": None, "rootUri": self._folder.as_uri(), "capabilities": WISHES})
        self._tell("initialized", {})
        quiet = {"yaml": {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}}
        self._tell("workspace/didChangeConfiguration", {"settings": quiet})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.kill()
        self._running.communicate()

    def completion(self, text: str) -> dict[str, str]:
        """What is offered where `|` stands in a new file: labels, each with its explanation."""
        answer = self._ask("textDocument/completion", self._at_the_cursor(text))
        items = answer["items"] if isinstance(answer, dict) else answer or []
        return {item["label"]: str(item.get("documentation", "")) for item in items}

    def hover(self, text: str) -> str:
        """What is shown over the word that ends where `|` stands in a new file."""
        place = self._at_the_cursor(text)
        place["position"]["character"] -= 1
        answer = self._ask("textDocument/hover", place)
        return str(answer["contents"]["value"]) if answer else ""

    def red_lines(self, text: str) -> list[tuple[int, str]]:
        """Line, counted from 1, and words of what is marked in a new file."""
        uri = self._open(text)
        while uri not in self._red_lines:
            self._receive()
        return [(one["range"]["start"]["line"] + 1, one["message"]) for one in self._red_lines[uri]]

    def _at_the_cursor(self, text: str) -> dict[str, Any]:
        before, _, after = text.partition("|")
        line = before.count("\n")
        position = {"line": line, "character": len(before) - before.rfind("\n") - 1}
        return {"textDocument": {"uri": self._open(before + after)}, "position": position}

    def _open(self, text: str) -> str:
        self._opened += 1
        uri = (self._folder / f"file-{self._opened}.yaml").as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._tell("textDocument/didOpen", {"textDocument": document})
        return uri

    def _ask(self, method: str, params: dict[str, Any]) -> Any:
        self._asked += 1
        self._send({"id": self._asked, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == self._asked and "method" not in message:
                return message["result"]

    def _tell(self, method: str, params: dict[str, Any]) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._running.stdin is not None
        self._running.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._running.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        """The next message; what the server asks for is answered with nothing."""
        assert self._running.stdout is not None
        length = 0
        while header := self._running.stdout.readline().strip():
            name, _, value = header.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the language server has gone away"
        message: dict[str, Any] = json.loads(self._running.stdout.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            self._red_lines[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:
            self._send({"id": message["id"], "result": None})
        return message
