"""Objects from settings, as Hydra would build them, and in one line where that cannot be."""

import sys
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf
from torch import nn

from earmark.foundation.errors import EarmarkError
from earmark.foundation.targets import build, target_of

MODULE = "module_of_a_test"


@dataclass
class Kept:
    """Keeps what it was built with."""

    first: Any = None
    second: Any = None
    more: dict = field(default_factory=dict)


class Tuba:
    def __init__(self, breath: float) -> None:
        raise EarmarkError(f"no tuba, please, with {breath:g} l")


class Outer:
    @staticmethod
    def inner(value: int) -> int:
        return 2 * value


@pytest.fixture(autouse=True)
def module(monkeypatch):
    """A module that `_target_` can name."""
    made = ModuleType(MODULE)
    for kind in (Kept, Tuba, Outer):
        setattr(made, kind.__name__, kind)
    made.number = 3
    monkeypatch.setitem(sys.modules, MODULE, made)


def kept(**settings):
    return {"_target_": f"{MODULE}.Kept", **settings}


def one_line(error):
    text = str(error.value)
    assert "\n" not in text
    return text


def alike(ours, theirs):
    """Whether two objects are of one class and hold the same settings; Optuna's do not show theirs."""
    if isinstance(ours, partial) and isinstance(theirs, partial):  # Hydra's is a subclass
        return (ours.func, ours.args, ours.keywords) == (theirs.func, theirs.args, theirs.keywords)
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, nn.Module):
        public = [
            {name: value for name, value in vars(module).items() if not name.startswith("_")}
            for module in (ours, theirs)
        ]
        weights = zip(ours.state_dict().items(), theirs.state_dict().items(), strict=True)
        same = all(name == other and torch.equal(a, b) for (name, a), (other, b) in weights)
        return same and public[0] == public[1] and repr(ours) == repr(theirs)
    return ours == theirs or type(ours).__module__.startswith("optuna.") or vars(ours) == vars(theirs)


def built_by_both(node):
    """What we and Hydra make of a node that either can build alone; None, None where Hydra cannot."""
    from hydra.errors import InstantiationException
    from hydra.utils import instantiate

    torch.manual_seed(0)
    try:
        theirs = instantiate(node, _convert_="all")
    except InstantiationException:
        return None, None
    torch.manual_seed(0)
    return build(node, "node"), theirs


def test_every_node_of_conf_is_built_as_hydra_builds_it(config_nodes):
    alone = set()
    for name, node in config_nodes.items():
        ours, theirs = built_by_both(node)
        if theirs is None:  # a model wants the input's shape, a sampler the pieces
            ours, theirs = built_by_both({**node, "_partial_": True})
        else:
            alone.add(name.split("/")[0])
        assert theirs is not None, name
        assert alike(ours, theirs), name
    assert alone >= {"features", "objective", "decision", "evaluate", "executor"}
    assert {name.split("/")[0] for name in config_nodes} >= alone | {"model", "sampler", "trainer"}


@pytest.mark.parametrize(
    "node",
    [
        kept(first=1, second="a", more={"x": [1, 2]}),
        kept(first=[1, [2, {"a": None}]], second=kept(first=kept(first=1.5))),
        kept(first=[kept(first=1), kept(second=2)], more={"deep": {"er": kept(first=3)}}),
        kept(_args_=[1, kept(first=2)], more={"a": 1}),
        kept(_recursive_=False, first=kept(first=1), second=[{"a": kept()}], more={"x": {"_target_": "y"}}),
        kept(_recursive_=False, _args_=[kept(first=1)]),
        kept(first={"_target_": f"{MODULE}.Kept", "_recursive_": False, "first": kept(first=1)}),
        kept(_partial_=True, first=1, second=kept(first=2)),
        kept(_partial_=True, _args_=[1]),
        kept(first=kept(_partial_=True, second=2)),
        {"_target_": f"{MODULE}.Outer.inner", "value": 4},
        {"_target_": "fractions.Fraction.from_float", "f": 0.5},
    ],
)
@pytest.mark.parametrize("wrap", [dict, OmegaConf.create], ids=["plain", "omegaconf"])
def test_a_node_is_built_as_hydra_builds_it(node, wrap):
    from hydra.utils import instantiate

    ours, theirs = build(wrap(node), "node"), instantiate(node, _convert_="all")
    if isinstance(theirs, Kept) and isinstance(theirs.first, partial):
        assert alike(ours.first, theirs.first)
    else:
        assert alike(ours, theirs)


def test_lists_and_mappings_arrive_plain():
    for recursive in (True, False):
        made = build(
            OmegaConf.create(kept(_recursive_=recursive, first=[1, [2]], more={"a": {"b": [3]}})), "node"
        )
        assert [type(item) for item in (made.first, made.first[1])] == [list, list]
        assert [type(item) for item in (made.more, made.more["a"], made.more["a"]["b"])] == [dict, dict, list]


def test_further_arguments_come_beside_the_settings():
    assert build(kept(first=1), "node", second=2) == Kept(1, 2)
    assert build(kept(first=1, _partial_=True), "node", second=2)(more={"a": 1}) == Kept(1, 2, {"a": 1})


@pytest.mark.parametrize("node", [kept(first=1), kept(first=1, _partial_=True)])
def test_a_setting_that_the_program_gives_itself_is_one_line(node):
    with pytest.raises(EarmarkError, match=r"^config: node \(.*Kept\): .*multiple values.*'first'"):
        build(node, "node", first=2)


TRIPLET = "earmark.learning.objectives.triplet.Triplet"


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({"lr": 1}, "model has no _target_"),
        ({"_target_": "", "lr": 1}, "model has no _target_"),
        ({"_target_": "earmark.models.nothing.Net"}, "model._target_ earmark.models.nothing.Net: "),
        ({"_target_": "earmark.models.convnet.No"}, "model._target_ earmark.models.convnet.No: "),
        ({"_target_": "no_such_package.Net"}, "model._target_ no_such_package.Net: No module named"),
        ({"_target_": "nowhere"}, "model._target_ nowhere: "),
        ({"_target_": f"{MODULE}.number"}, f"model._target_ {MODULE}.number: 3 is not a callable object"),
        (
            {"_target_": "fractions.Fraction", "numerator": 1, "denominator": "x"},
            "model (fractions.Fraction)",
        ),
        ({"_target_": TRIPLET, "margin": 0.2}, "'miner'"),
        ({"_target_": TRIPLET, "margin": 0.2, "miner": "soft"}, "miner=soft"),
        (kept(thrid=1), f"model.thrid is not a setting of {MODULE}.Kept (it has first, second, more)"),
        (kept(first=kept(thrid=1)), "model.first.thrid is not a setting of"),
        (kept(first=[0, {"_target_": "nowhere"}]), "model.first.1._target_ nowhere"),
        (kept(more={"a": {"_target_": "nowhere"}}), "model.more.a._target_ nowhere"),
        (kept(_args_=[0, kept(thrid=1)]), "model._args_.1.thrid is not a setting of"),
    ],
)
def test_a_node_that_cannot_be_built_is_one_line_that_names_it(node, message):
    for wrapped in (node, OmegaConf.create(node)):
        with pytest.raises(EarmarkError) as caught:
            build(wrapped, "model")
        text = one_line(caught)
        assert text.startswith("config: model")
        assert message in text


def test_a_message_of_the_target_itself_is_passed_on():
    with pytest.raises(EarmarkError, match=r"^no tuba, please, with 5 l$"):
        build({"_target_": f"{MODULE}.Tuba", "breath": 5}, "model")


@pytest.mark.parametrize(
    ("choice", "key"),
    [
        *(("features/mel", "n_mel"), ("model/convnet", "width"), ("objective/triplet", "magrin")),
        *(("decision/prototype", "fpr"), ("executor/loky", "jobs"), ("sampler/class_work", "clips")),
    ],
)
def test_an_unknown_setting_names_node_key_and_class(config_nodes, choice, key):
    group = choice.split("/")[0]
    node = {**config_nodes[f"{choice}: {group}"], key: 3}
    with pytest.raises(EarmarkError) as caught:
        target_of(node, group)
    assert one_line(caught).startswith(
        f"config: {group}.{key} is not a setting of {node['_target_']} (it has "
    )
