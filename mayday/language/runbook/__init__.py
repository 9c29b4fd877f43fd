"""The runbook as its author writes it: closed pydantic models of LANGUAGE.md.

The same models stand in the compiled plan, so what was read is what is run. Unknown keys are errors; texts in
`{{ ... }}` stay texts here and are evaluated by the walker when their step is reached.
"""

from __future__ import annotations

from mayday.language.runbook.file import (
    ActionRules,
    AppliesTo,
    Handler,
    Meeting,
    Metadata,
    ObligationSpec,
    Phase,
    ReviewSpec,
    Runbook,
)
from mayday.language.runbook.gates import BreakGlass, GateTimeout, Subject, Voters
from mayday.language.runbook.messages import Cadence, Message, ReviewBy, TemplateText
from mayday.language.runbook.paging import EscalationPolicy, Level, RoleSpec
from mayday.language.runbook.shapes import FieldSpec, Identifier, Notify, Ref, Shape, Via
from mayday.language.runbook.steps import (
    COMMON_KEYS,
    VERB_KEYS,
    VERBS,
    Branch,
    ForEach,
    Form,
    Manual,
    Repeat,
    Retry,
    Step,
    Task,
    Wait,
    all_steps,
)

__all__ = [
    "Identifier",
    "Ref",
    "Via",
    "Shape",
    "FieldSpec",
    "Notify",
    "RoleSpec",
    "Level",
    "EscalationPolicy",
    "ReviewBy",
    "Message",
    "Cadence",
    "TemplateText",
    "Subject",
    "Voters",
    "GateTimeout",
    "BreakGlass",
    "Retry",
    "Manual",
    "Form",
    "Task",
    "Wait",
    "Branch",
    "ForEach",
    "Repeat",
    "VERBS",
    "VERB_KEYS",
    "COMMON_KEYS",
    "Step",
    "all_steps",
    "Metadata",
    "ObligationSpec",
    "AppliesTo",
    "Handler",
    "Phase",
    "Meeting",
    "ActionRules",
    "ReviewSpec",
    "Runbook",
]
