"""Contracts of parts: a class that lacks a member is refused in one line before anything is computed."""

import importlib
import inspect
import pkgutil
import sys
from types import ModuleType
from typing import Protocol

import numpy as np
import pytest

from earmark.foundation.contracts import CONTRACTS, ClassicalModel, Evaluation, FittedDecision, LabelledClips
from earmark.foundation.errors import EarmarkError
from earmark.foundation.targets import kind_of, lacks

MODULE = "module_of_a_test"


class Instrument(Protocol):
    """A contract of every kind of member."""

    strings: int

    @property
    def tuning(self) -> str: ...
    def play(self) -> None: ...
    def __len__(self) -> int: ...
    def _wear(self) -> None: ...


class Fiddle:
    strings = 4
    tuning = "fifths"

    def play(self):
        pass

    def __len__(self):
        return 1


class Annotated:
    strings: int
    tuning: str


class Whole(Annotated, Fiddle):
    pass


@pytest.mark.parametrize(
    ("part", "missing"),
    [
        (Fiddle, []),
        (Annotated, ["__len__", "play"]),
        (Whole, []),
        (type("Empty", (), {}), ["__len__", "play", "strings", "tuning"]),
        (type("Mute", (Fiddle,), {"mute": True}), []),
    ],
)
def test_a_member_is_there_if_it_is_defined_or_annotated_here_or_in_a_base(part, missing):
    assert lacks(part, Instrument) == missing


GROUPS = {  # of conf/, and where its nodes lie
    "features": "features",
    "model": "model",
    "objective": "objective",
    "sampler": "sampler",
    "decision": "decision",
    "evaluate": "evaluate.sections",
}


def test_every_class_that_conf_names_fulfils_its_contract(config_nodes):
    seen = set()
    for name, node in config_nodes.items():
        group = GROUPS.get(name.split("/")[0])
        if group:
            kind_of(node, group, name)  # raises where something is missing
            seen.add(group)
    assert seen == set(CONTRACTS)


def classes_of(package):
    """Classes that the modules of a package define."""
    for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(info.name)
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if kind.__module__ == info.name:
                yield kind


def test_what_a_bundle_keeps_and_what_is_fitted_at_once_fulfil_theirs():
    from earmark import decisions, models
    from earmark.evaluation.evaluated import EvaluatedPieces

    kept = [kind for kind in classes_of(decisions) if "kind" in vars(kind)]
    fitted_at_once = [
        kind for kind in classes_of(models) if hasattr(kind, "summarise") and kind.__name__ != "ArrayModule"
    ]
    names = {kind.__name__ for kind in fitted_at_once}
    assert names == {
        *("Forest", "JointStatistics", "KeyProfiles", "Logistic", "NoteStatistics", "TimbreStatistics")
    }
    assert len(kept) >= 2
    assert {kind: lacks(kind, FittedDecision) for kind in kept if lacks(kind, FittedDecision)} == {}
    assert [lacks(kind, ClassicalModel) for kind in fitted_at_once] == [[]] * len(fitted_at_once)
    assert lacks(EvaluatedPieces, Evaluation) == []


@pytest.mark.parametrize("group", CONTRACTS)
def test_a_class_that_lacks_a_member_is_refused_in_one_line_that_names_it(group, monkeypatch):
    contract = CONTRACTS[group]
    members = lacks(type("Empty", (), {}), contract)
    assert members
    module = ModuleType(MODULE)
    monkeypatch.setitem(sys.modules, MODULE, module)
    for missing in members:
        module.Part = type("Part", (), {name: None for name in members if name != missing})
        with pytest.raises(EarmarkError) as caught:
            kind_of({"_target_": f"{MODULE}.Part"}, group, f"{group}.x")
        assert str(caught.value) == (
            f"config: {group}.x: Part lacks `{missing}`: see {contract.__name__} in {contract.__module__}"
        )
    module.Part = type("Part", (), dict.fromkeys(members))
    assert kind_of({"_target_": f"{MODULE}.Part"}, group) is module.Part


def test_a_model_that_does_not_say_what_it_gives_and_one_that_lacks_two(monkeypatch):
    module = ModuleType(MODULE)
    monkeypatch.setitem(sys.modules, MODULE, module)
    module.Silent = type("Silent", (), {"forward": None, "clip_by_clip": True})
    module.Empty = type("Empty", (), {"forward": None})
    with pytest.raises(EarmarkError, match=r"^config: model: Silent lacks `gives`: see Model in earmark\."):
        kind_of({"_target_": f"{MODULE}.Silent"}, "model")
    with pytest.raises(EarmarkError, match="Empty lacks `clip_by_clip` and `gives`: see"):
        kind_of({"_target_": f"{MODULE}.Empty"}, "model")


@pytest.mark.parametrize("contract", [*CONTRACTS.values(), ClassicalModel, FittedDecision, Evaluation])
def test_a_contract_lies_where_a_message_sends_a_reader(contract):
    assert vars(importlib.import_module(contract.__module__))[contract.__name__] is contract
    documented = [name for name, member in vars(contract).items() if inspect.isfunction(member)]
    public = [name for name in documented if not name.startswith("_") or name == "__call__"]
    assert all(vars(contract)[name].__doc__ for name in public)


def test_labelled_clips_count_pieces():
    clips = [np.zeros((3, 2)), np.zeros((1, 2))]
    assert len(LabelledClips(clips, ["a", "b"], ["1", "2"])) == 2
