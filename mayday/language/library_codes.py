"""The codes of level 6: files of a catalog or a library that do not fit together."""

from __future__ import annotations

from mayday.language.findings import define

_HEAD = "apiVersion: runbook/v1\nkind: Runbook\n"
_TWO = (
    "# file: library/one.yaml\n"
    + _HEAD
    + "metadata: { name: one, version: 1.0.0, owner: me }\nphases: [{ id: a, steps: [{ id: x, log: hello }] }]\n"
    + "# file: library/two.yaml\n"
    + _HEAD
    + "metadata: { name: NAME, version: 1.0.0, owner: me }\nphases: [{ id: a, steps: [{ id: x, log: hello }] }]\n"
)
_LONG = (
    "# file: library/one.yaml\n"
    + _HEAD
    + "metadata: { name: one, version: 1.0.0, owner: me }\n"
    + "phases: [{ id: a, doc: TEXT, steps: [{ id: x, call: two@1.0.0 }] }]\n"
    + "# file: library/two.yaml\n"
    + _HEAD
    + "metadata: { name: two, version: 1.0.0, owner: me }\n"
    + "phases: [{ id: a, doc: TEXT, steps: [{ id: y, log: hello }] }]\n"
)

TWICE = define(
    "C600",
    "entry in two files",
    "The files of a catalog make one catalog. Each entry stands in one of them, and so does the list of routes.",
    wrong="# file: catalog/a.yaml\napiVersion: catalog/v1\nkind: Catalog\ngroups: { night: [ana] }\n"
    "# file: catalog/b.yaml\napiVersion: catalog/v1\nkind: Catalog\ngroups: { night: [dana] }\n",
    right="# file: catalog/a.yaml\napiVersion: catalog/v1\nkind: Catalog\ngroups: { night: [ana] }\n"
    "# file: catalog/b.yaml\napiVersion: catalog/v1\nkind: Catalog\ngroups: { day: [dana] }\n",
    frame="files",
)
NOTHING = define(
    "C601",
    "nothing to load",
    "The folder of runbooks holds `catalog/` and `library/`, each with at least one YAML file.",
    wrong="# file: readme.txt\nhello\n",
    right=_TWO.replace("NAME", "two"),
    frame="files",
)
SAME_RUNBOOK = define(
    "C602",
    "one name and version, two runbooks",
    "A name and a version mean one text, or a pinned plan could not be traced back to its file.",
    wrong=_TWO.replace("NAME", "one"),
    right=_TWO.replace("NAME", "two"),
    frame="files",
)
PLAN_SIZE = define(
    "C603",
    "plan too large",
    "A plan travels in the history of every incident and stays under 256 KiB, with everything it calls and names.",
    wrong=_LONG.replace("TEXT", "x" * 140_000),
    right=_LONG.replace("TEXT", "x"),
    frame="files",
)
