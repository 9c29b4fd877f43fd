"""The codes of level 1, YAML safety: what a file may not hold, whatever it means."""

from __future__ import annotations

from mayday.language.findings import define

SYNTAX = define(
    "Y100",
    "not YAML",
    "The file cannot be read as YAML. The place is where the reader stopped, the cause is there or just before.",
    wrong="a: b: c\n",
    right='a: "b: c"\n',
    frame="text",
)
NOT_UTF8 = define(
    "Y101",
    "not UTF-8",
    "Files are UTF-8. Another encoding shows as broken letters in messages to customers.",
    wrong="name: Jos\udce9\n",
    right="name: José\n",
    frame="text",
)
CONTROL = define(
    "Y102",
    "control character",
    "NUL and other invisible characters end texts early or hide what a line does.",
    wrong="name: a\x00b\n",
    right="name: ab\n",
    frame="text",
)
TAB = define(
    "Y103",
    "tab as indentation",
    "YAML indents with spaces. A tab looks like any number of them.",
    wrong="a:\n\tb: 1\n",
    right="a:\n  b: 1\n",
    frame="text",
)
TOO_LARGE = define(
    "Y104",
    "too large",
    "A file has at most 256 KiB and 20,000 values: an incident carries its whole plan with it.",
    wrong="a: [" + "1," * 20_001 + "]\n",
    right="a: [1, 2]\n",
    frame="text",
)
TOO_DEEP = define(
    "Y105",
    "nested too deep",
    "At most 40 levels. Steps nested that deep can be a runbook of their own, used with `call`.",
    wrong="a: " + "[" * 45 + "]" * 45 + "\n",
    right="a: [[1]]\n",
    frame="text",
)
EMPTY = define(
    "Y106",
    "empty file",
    "A file holds one document that is not empty.",
    wrong="# nothing yet\n",
    right="a: 1\n",
    frame="text",
)
DOCUMENTS = define(
    "Y107",
    "several documents",
    "One file, one document: what stands after `---` would be overlooked.",
    wrong="a: 1\n---\nb: 2\n",
    right="a: 1\nb: 2\n",
    frame="text",
)
DUPLICATE = define(
    "Y110",
    "key twice",
    "Most readers keep the last of two equal keys without a word, so half of what is written would be ignored.",
    wrong="timeout: 5m\ntimeout: 10m\n",
    right="timeout: 10m\n",
    frame="text",
)
ALIAS = define(
    "Y111",
    "anchor or alias",
    "`&` and `*` make one place of a file change another. A runbook reads top to bottom.",
    wrong="a: &x 1\nb: *x\n",
    right="a: 1\nb: 1\n",
    frame="text",
)
TAG = define(
    "Y112",
    "tag or directive",
    "`!tag` and `%` directives change how values are read.",
    wrong="a: !!str 1\n",
    right='a: "1"\n',
    frame="text",
)
MERGE = define(
    "Y113",
    "merge key",
    "`<<` merges keys from elsewhere. Write them where they count.",
    wrong="a:\n  <<: { b: 1 }\n",
    right="a:\n  b: 1\n",
    frame="text",
)
KEY = define(
    "Y114",
    "key that is no text",
    "Keys are plain words.",
    wrong="? [a, b]\n: 1\n",
    right="a: 1\nb: 1\n",
    frame="text",
)
BRACES = define(
    "Y120",
    "value without quotes",
    "`{{ x }}` without quotes is a mapping inside a mapping for YAML, and no text with a value in it.",
    wrong="summary: {{ incident.title }}\n",
    right='summary: "{{ incident.title }}"\n',
    frame="text",
)
COMMENT = define(
    "Y121",
    "value lost in a comment",
    "After a space, `#` begins a comment: `channel: #inc` has no value at all.",
    wrong="channel: #inc\n",
    right='channel: "#inc"\n',
    frame="text",
)
QUESTION = define(
    "Y122",
    "question mark in braces",
    "Inside `{ }`, some readers of YAML refuse an unquoted text with a question mark, others read it. Quote it.",
    wrong="ask: { question: Stable?, due: 5m }\n",
    right='ask: { question: "Stable?", due: 5m }\n',
    frame="text",
    level="warning",
)
ZERO = define(
    "Y123",
    "leading zero",
    "`012` is the number 12. Codes, phone numbers and ids that begin with a zero are texts and need quotes.",
    wrong="code: 012\n",
    right='code: "012"\n',
    frame="text",
    level="warning",
)
NUMBER = define(
    "Y124",
    "number too large",
    "Numbers have at most 18 digits and an end. Longer ones are ids, and ids are texts.",
    wrong="id: 12345678901234567890\n",
    right='id: "12345678901234567890"\n',
    frame="text",
)
