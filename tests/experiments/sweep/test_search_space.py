"""Hydra's notation becomes Optuna's distributions."""

from pathlib import Path

import pytest
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from earmark.experiments.sweep.search_space import distribution, search_space
from earmark.foundation.errors import EarmarkError
from earmark.pipeline.settings.checks import check
from earmark.pipeline.settings.config import compose, register

CONF = Path(__file__).parents[3] / "conf"
PARSE = OverridesParser.create().parse_overrides


@pytest.mark.parametrize(
    ("notation", "expected"),
    [
        ("a,b", CategoricalDistribution(["a", "b"])),
        ("choice(1,2.5,true)", CategoricalDistribution(["1", "2.5", "True"])),
        ("choice([8,16],[32])", CategoricalDistribution(["[8,16]", "[32]"])),
        ("choice('a b',c)", CategoricalDistribution(["a\\ b", "c"])),
        ("interval(0,0.5)", FloatDistribution(0, 0.5)),
        ("interval(1e-4,1e-2)", FloatDistribution(1e-4, 1e-2)),
        ("tag(log,interval(1e-4,1e-2))", FloatDistribution(1e-4, 1e-2, log=True)),
        ("tag(int,interval(1,8))", IntDistribution(1, 8)),
        ("tag(int,log,interval(1,8))", IntDistribution(1, 8, log=True)),
        ("range(4)", IntDistribution(0, 3)),
        ("range(1,9,2)", IntDistribution(1, 7, step=2)),
        ("range(9,1,-4)", IntDistribution(5, 9, step=4)),
        ("range(0,1,0.25)", FloatDistribution(0, 0.75, step=0.25)),
        ("tag(log,range(1,9))", IntDistribution(1, 8, log=True)),
    ],
)
def test_what_is_searched(notation, expected):
    (override,) = PARSE([f"x.y={notation}"])
    assert distribution(override) == expected


@pytest.mark.parametrize(
    ("notation", "message"),
    [
        ("3", "is one value"),
        ("tag(log,interval(0,1))", "x="),
        ("interval(2,1)", "x=interval(2,1): "),
        ("range(3,3)", "is an empty range"),
        ("tag(logg,interval(1,2))", "the tags are int and log, not logg"),
        ("tag(log,choice(1,2))", "log and int are for"),
        ("glob(*)", "x=glob(*)"),
        ("tag(log,range(1,9,2))", "x="),
    ],
)
def test_what_optuna_cannot_search_is_one_line(notation, message):
    (override,) = PARSE([f"x={notation}"])
    with pytest.raises(EarmarkError) as caught:
        distribution(override)
    assert message in str(caught.value)


READY = {"lr": "tag(log,interval(0.1,1))", "n": "range(4)"}


def test_a_sweep_on_the_command_line_takes_the_place_of_the_ready_space():
    space = search_space(PARSE, ["model=a", "+x=interval(0,1)", "~y"], READY)
    assert space.fixed == ("model=a", "~y")
    assert dict(space.varied) == {"+x": FloatDistribution(0, 1)}
    assert space.job({"+x": 1e-05}) == ["model=a", "~y", "+x=1e-05"]


def test_what_the_command_line_fixes_is_not_searched():
    space = search_space(PARSE, ["lr=0.5"], READY)
    assert dict(space.varied) == {"n": IntDistribution(0, 3)}
    assert space.job({"n": 2}) == ["lr=0.5", "n=2"]


@pytest.mark.parametrize("arguments", [[], ["model=a"]])
def test_nothing_to_search_is_refused(arguments):
    with pytest.raises(EarmarkError, match="nothing to search"):
        search_space(PARSE, arguments, {})


def ends(distribution):
    """The outermost values of a distribution."""
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices
    return distribution.low, distribution.high


@pytest.mark.parametrize(
    ("name", "experiments"),
    [
        ("optimizer", ["composer_original", "genre_rhythm", "key_convnet"]),
        ("convnet", ["composer_convnet"]),
    ],
)
def test_a_ready_space_fits_its_experiments_to_its_ends(name, experiments):
    register()
    with initialize_config_dir(config_dir=str(CONF), version_base="1.3"):
        overrides = ["hydra/sweeper=optuna", f"hydra/sweeper/params={name}"]
        ready = hydra_compose("config", overrides, return_hydra_config=True).hydra.sweeper.params
    space = search_space(PARSE, [], ready)
    assert set(space.varied) == set(ready)
    for experiment in experiments:
        for end in (0, -1):
            values = {key: ends(searched)[end] for key, searched in space.varied.items()}
            check(compose(CONF, [f"experiment={experiment}", *space.job(values)]))


def test_every_ready_space_is_tested():
    assert {path.stem for path in (CONF / "hydra" / "sweeper" / "params").iterdir()} == {
        "optimizer",
        "convnet",
    }
