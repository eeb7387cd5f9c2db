"""What a part of a system must have: the six kinds of parts that a user adds, and what passes between them.

A part is a class in one file and a YAML file in `conf/` that names it by `_target_`. Nothing is registered:
`lacks` compares a class with the Protocol of its kind before anything is computed.

| part | folder | Protocol, in `foundation/parts/` | YAML in |
|---|---|---|---|
| front end | `features/` | `FrontEnd` (`front_end.py`) | `conf/features/` |
| model | `models/` | `Model`, `ClassicalModel` (`model.py`) | `conf/model/` |
| objective | `learning/objectives/` | `Objective` (`training.py`) | `conf/objective/` |
| sampler | `learning/samplers/` | `Sampler` (`training.py`) | `conf/sampler/` |
| decision | `decisions/` | `Decision`, `FittedDecision` (`decision.py`) | `conf/decision/` |
| evaluation section | `evaluation/` | `Section` (`section.py`) | `conf/evaluate/` |

Settings that cannot work raise ValueError in the constructor (front ends: in `check`, which knows the
sampling rate): the stage `compose` builds every part, so that a user reads it before anything is computed.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Protocol

from earmark.foundation.parts.decision import Decision, FittedDecision, LabelledClips, Prediction
from earmark.foundation.parts.front_end import FrontEnd
from earmark.foundation.parts.model import ClassicalModel, Model
from earmark.foundation.parts.section import Evaluation, Metrics, Section
from earmark.foundation.parts.training import Objective, Sampler

__all__ = [
    "CONTRACTS",
    "ClassicalModel",
    "Decision",
    "Evaluation",
    "FittedDecision",
    "FrontEnd",
    "LabelledClips",
    "Metrics",
    "Model",
    "Objective",
    "Prediction",
    "Sampler",
    "Section",
    "lacks",
]

CONTRACTS: Mapping[str, type] = {
    "features": FrontEnd,
    "model": Model,
    "objective": Objective,
    "sampler": Sampler,
    "decision": Decision,
    "evaluate.sections": Section,
}
"""The Protocol of each config group whose parts a user adds."""

SPECIAL_METHODS = frozenset({"__call__", "__len__", "__iter__"})  # those that a contract may ask for


def lacks(part: type, contract: type) -> list[str]:
    """Members of a contract that a class neither defines nor annotates.

    Args:
        part: The class, for example a model.
        contract: A Protocol.

    Returns:
        Their names, sorted.
    """
    required = {name for name in _members(contract) if not name.startswith("_") or name in SPECIAL_METHODS}
    return sorted(required - _members(part))


def _members(kind: type) -> set[str]:
    """Names that a class or its bases define or annotate, those of every object left out."""
    bases = [base for base in kind.__mro__ if base not in (object, Protocol)]
    return {name for base in bases for name in (*vars(base), *inspect.get_annotations(base))}
