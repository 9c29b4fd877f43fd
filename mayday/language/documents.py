"""Reading a YAML file so that every key and value keeps its line and column (LANGUAGE.md "Loading").

libyaml's parser gives events; the tree is built here, from the events, so that what is refused is refused before it
exists: aliases are never expanded, and nesting beyond the limit is never entered. Plain values follow the core schema
of YAML 1.2: `yes` and `1:30` and `2026-03-02` are texts. Keys are always texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]  # the stubs hide it

from mayday.language import yaml_codes as codes
from mayday.language.findings import Code, Finding

__all__ = ["DEEPEST", "LARGEST", "MOST_NODES", "Document", "Mark", "Path", "load_document"]

LARGEST = 256 * 1024
"""Bytes of one file."""
DEEPEST = 40
MOST_NODES = 20_000
MOST_FINDINGS = 50

Path = tuple[str | int, ...]

_NULLS = {"", "~", "null", "Null", "NULL"}
_TRUES = {"true", "True", "TRUE"}
_FALSES = {"false", "False", "FALSE"}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_CONTROL = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""Control characters, line ends that editors do not show, and marks that turn the direction of a line."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a value stands, and the key in front of it (the value itself in a list). Counted from 1."""

    line: int
    column: int
    key_line: int
    key_column: int
    style: str = ""
    """`'`, `"`, `|`, `>` for quoted and block texts; empty for plain ones, mappings and lists."""
    indent: int = 0
    """Column of the text of a `|` or `>` block."""

    def within(self, line: int, column: int) -> tuple[int, int]:
        """Line and column in the file of a place inside this text (counted from 1), as near as the style allows."""
        if self.style in ("|", ">"):
            return (self.line + line, self.indent + column - 1) if self.style == "|" else (self.line + 1, self.indent)
        if line > 1:
            return self.line, self.column
        return self.line, self.column + (1 if self.style else 0) + column - 1


@dataclass(slots=True)
class Document:
    """A file as plain data, with the place of everything in it. `data` is None when a finding forbids to go on."""

    file: str
    data: Any = None
    marks: dict[Path, Mark] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def mark(self, path: Path) -> Mark:
        """The mark of a path, or of the nearest enclosing value that has one."""
        while path and path not in self.marks:
            path = path[:-1]
        return self.marks.get(path, Mark(1, 1, 1, 1))

    def find(self, code: Code, path: Path, message: str, hint: str = "", *, key: bool = False) -> Finding:
        """A finding at a value of this document, or at its key."""
        mark = self.mark(path)
        line, column = (mark.key_line, mark.key_column) if key else (mark.line, mark.column)
        return Finding(self.file, line, column, code.code, code.level, message, hint)

    def find_within(self, code: Code, path: Path, place: tuple[int, int], message: str, hint: str = "") -> Finding:
        """A finding at a place (line and column from 1) inside the text that stands at `path`."""
        line, column = self.mark(path).within(*place)
        return Finding(self.file, line, column, code.code, code.level, message, hint)


def load_document(text: str | bytes, file: str) -> Document:
    """Read one YAML document. Never raises for bad input: what is wrong is in `findings`, and `data` is None then."""
    document = Document(file)
    source = _decoded(text, document)
    if source is not None:
        builder = _Builder(document, source)
        document.data = builder.build()
    if any(finding.level == "error" for finding in document.findings):
        document.data = None
    return document


def _decoded(text: str | bytes, document: Document) -> str | None:
    size = len(text) if isinstance(text, bytes) else len(text.encode("utf-8", "surrogatepass"))
    if size > LARGEST:
        _report(document, codes.TOO_LARGE, 1, 1, f"the file has {size} bytes, {LARGEST} are allowed", "split it")
        return None
    if isinstance(text, bytes):
        try:
            return _checked(text.decode("utf-8-sig"), document)
        except UnicodeDecodeError as error:
            before = text[: error.start].decode("utf-8", "replace")
            line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
            _report(document, codes.NOT_UTF8, line, column, "not UTF-8 text", "save the file as UTF-8")
            return None
    return _checked(text, document)


def _checked(text: str, document: Document) -> str | None:
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    control = _CONTROL.search(text)
    if control:
        line, column = text.count("\n", 0, control.start()) + 1, control.start() - text.rfind("\n", 0, control.start())
        name = f"U+{ord(control[0]):04X}"
        _report(document, codes.CONTROL, line, column, f"the control character {name}", "delete it")
        return None
    return text


def _report(document: Document, code: Code, line: int, column: int, message: str, hint: str = "") -> None:
    document.findings.append(Finding(document.file, line, column, code.code, code.level, message, hint))


class _Stop(Exception):
    """Nothing after this place can be read with sense; the finding is already written."""


class _Builder:
    """Builds plain data from the events of one document."""

    def __init__(self, document: Document, source: str) -> None:
        self._document = document
        self._source = source
        self._lines = source.split("\n")
        self._parser = CParser(source)
        self._nodes = 0

    def build(self) -> Any:
        try:
            self._expect_document()
            event = self._next()
            data = None if isinstance(event, yaml.DocumentEndEvent) else self._value(event, (), None, False)
            if data is None and not self._document.findings:
                self._add(codes.EMPTY, event, "the file is empty", "start with apiVersion and kind")
                return None
            self._expect_end()
        except _Stop:
            return None
        except yaml.MarkedYAMLError as error:
            self._syntax_error(error)
            return None
        return data

    def _next(self) -> Any:
        event = self._parser.get_event()
        if len(self._document.findings) >= MOST_FINDINGS:
            raise _Stop
        return event

    def _expect_document(self) -> None:
        self._next()
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            self._add(codes.EMPTY, event, "the file is empty", "start with apiVersion and kind")
            raise _Stop
        if event.tags or event.version:
            self._add(codes.TAG, event, "a % directive", "delete it: files are YAML 1.2 core without tags")

    def _expect_end(self) -> None:
        while True:
            event = self._next()
            if isinstance(event, yaml.StreamEndEvent):
                return
            if isinstance(event, yaml.DocumentStartEvent):
                self._add(codes.DOCUMENTS, event, "a second document", "one file holds one document: split it at ---")
                raise _Stop

    def _line(self, index: int) -> str:
        return self._lines[index] if index < len(self._lines) else ""

    def _add(self, code: Code, event: Any, message: str, hint: str = "") -> None:
        mark = event.start_mark
        _report(self._document, code, mark.line + 1, mark.column + 1, message, hint)

    def _value(self, event: Any, path: Path, key: Any, flow: bool) -> Any:
        """The value that begins with this event; `key` is the event of its key, `flow` whether it stands in braces."""
        self._nodes += 1
        if self._nodes > MOST_NODES:
            self._add(codes.TOO_LARGE, event, f"more than {MOST_NODES} values", "split the file")
            raise _Stop
        if len(path) > DEEPEST:
            self._add(codes.TOO_DEEP, event, f"nested more than {DEEPEST} deep", "`call` a runbook for the inner steps")
            raise _Stop
        self._document.marks[path] = self._mark(event, key or event)
        if self._is_indirect(event):
            return None
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, key, flow)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path, flow or bool(event.flow_style))
        return self._mapping(path, flow or bool(event.flow_style))

    def _is_indirect(self, event: Any) -> bool:
        """Refuse anchors, tags and aliases; true for an alias, which has no value of its own."""
        name = str(event.anchor)[:40]
        if isinstance(event, yaml.AliasEvent):
            self._add(codes.ALIAS, event, f"an alias, *{name}", "write it out, or quote a text that begins with *")
            return True
        if event.anchor:
            self._add(codes.ALIAS, event, f"an anchor, &{name}", "delete it, or quote a text that begins with &")
        if event.tag:
            self._add(codes.TAG, event, f"a tag, {event.tag[:40]}", "delete it, or quote a text that begins with !")
        return False

    def _mark(self, event: Any, key: Any) -> Mark:
        start, name = event.start_mark, key.start_mark
        style = getattr(event, "style", None) or ""
        indent = 0
        if style in ("|", ">"):
            below = (line for line in self._lines[start.line + 1 :] if line.strip())
            first = next(below, "")
            indent = len(first) - len(first.lstrip(" ")) + 1
        return Mark(start.line + 1, start.column + 1, name.line + 1, name.column + 1, style, indent)

    def _sequence(self, path: Path, flow: bool) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._value(event, (*path, len(items)), None, flow))
        return items

    def _mapping(self, path: Path, flow: bool) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        while not isinstance(key := self._next(), yaml.MappingEndEvent):
            name = self._key(key, flow)
            place: Path = (*path, name)
            if name in entries:
                first = self._document.marks[place].key_line
                place = (*place, "again")
                self._add(
                    codes.DUPLICATE,
                    key,
                    f"`{name[:40]}` stands here twice, first in line {first}",
                    "delete one of them",
                )
            value = self._value(self._next(), place, key, flow)
            entries.setdefault(name, value)
        return entries

    def _key(self, event: Any, flow: bool) -> str:
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            if flow and isinstance(event, yaml.MappingStartEvent):
                self._add(codes.BRACES, event, "{{ }} without quotes is a mapping", self._braces(event))
            else:
                self._add(codes.KEY, event, "a key is a text", "quote it")
            raise _Stop
        if self._is_indirect(event):
            raise _Stop
        if not event.style and event.value == "<<":
            self._add(codes.MERGE, event, "a merge key, <<", "write the keys out")
        if not event.style and event.value == "":
            self._add(codes.KEY, event, "a value without a key", "write a key before the colon, or quote the text")
        return str(event.value)

    def _braces(self, event: Any) -> str:
        """What to quote: the {{ }} where it stands alone, else the whole text around it."""
        line = self._line(event.start_mark.line)
        found = re.compile(r"\{\{[^{}]*\}\}(?=\s*($|[,}#]))").search(line, max(event.start_mark.column - 1, 0))
        return f'quote it: "{found[0]}"' if found and '"' not in found[0] else "quote the whole text that holds {{ }}"

    def _scalar(self, event: Any, key: Any, flow: bool) -> Any:
        if event.style:
            return event.value
        text = event.value
        if flow and "?" in text:
            self._add(
                codes.QUESTION,
                event,
                f"{text[:40]!r} in braces without quotes",
                "quote it: other readers of YAML refuse it",
            )
        if text == "":
            self._empty(event, key)
        return self._plain(text, event)

    def _empty(self, event: Any, key: Any) -> None:
        """`channel: #inc` has no value: from the # on it is a comment."""
        if key is None:
            return
        rest = self._line(key.end_mark.line)[key.end_mark.column :].lstrip(" :")
        if re.match(r"#[^\s#]", rest):
            word = rest.split()[0].rstrip(",}]")[:40]
            self._add(
                codes.COMMENT, key, f"`{key.value[:40]}` has no value: {word} is a comment", f'quote it: "{word}"'
            )

    def _plain(self, text: str, event: Any) -> Any:
        if text in _NULLS:
            return None
        if text in _TRUES:
            return True
        if text in _FALSES:
            return False
        if _INTEGER.fullmatch(text):
            return self._integer(text, 10, event)
        if _OCTAL.fullmatch(text):
            return self._integer(text[2:], 8, event)
        if _HEXADECIMAL.fullmatch(text):
            return self._integer(text[2:], 16, event)
        if _INFINITE.fullmatch(text):
            self._add(
                codes.NUMBER, event, f"{text[:20]} is no number that can be counted with", "quote it if it is a text"
            )
            return None
        if _FLOAT.fullmatch(text):
            number = float(text)
            if abs(number) <= 1e18:
                return number
            self._add(codes.NUMBER, event, f"{text[:20]} is too large", "quote it if it is a name and no number")
            return None
        return text

    def _integer(self, digits: str, base: int, event: Any) -> int | None:
        if len(digits) > 18:
            self._add(codes.NUMBER, event, f"{digits[:20]} is too large", "quote it if it is an id and no number")
            return None
        unsigned = digits.lstrip("+-")
        if base == 10 and len(unsigned) > 1 and unsigned[0] == "0":
            self._add(
                codes.ZERO, event, f"{digits} is read as {int(digits)}", f'quote it if the zero matters: "{digits}"'
            )
        return int(digits, base)

    def _syntax_error(self, error: yaml.MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        text = self._line(line)
        problem = error.problem or error.context or "cannot be read"
        code, hint = _explain(text, column, f"{error.context} {problem}")
        _report(self._document, code, line + 1, column + 1, f"not YAML: {problem}", hint)


def _explain(line: str, column: int, problem: str) -> tuple[Code, str]:
    """Which trap it most likely is; the parser's own words name no cure."""
    found = line[column : column + 1]
    if "\t" in line[: column + 1]:
        return codes.TAB, "indent with spaces, never with tabs"
    if "{{" in line:
        return codes.BRACES, "quote the whole text that holds {{ }}"
    if found in ("@", "`", "%"):
        return codes.SYNTAX, f"quote a text that begins with {found}"
    if "mapping values are not allowed" in problem:
        return codes.SYNTAX, "quote a text that holds a colon and a space; or the line is indented too far"
    if "alias" in problem or "anchor" in problem:
        return codes.SYNTAX, "quote a text that begins with * or &"
    if "expected key" in problem and re.search(r""":\s*(['"]).*\1\s*\S""", line):
        return codes.SYNTAX, "quote the whole text, with the other kind of quotes around it"
    if "expected key" in problem or "'-' indicator" in problem:
        return codes.SYNTAX, "lines of one block begin in the same column"
    if "',' or" in problem:
        return codes.SYNTAX, "close the bracket, separate with commas, and quote texts that hold { } [ ] or ,"
    if "end of stream" in problem:
        return codes.SYNTAX, "a quote is opened and never closed"
    return codes.SYNTAX, ""
