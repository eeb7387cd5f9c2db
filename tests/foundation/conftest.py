"""The nodes of conf/ that name a class."""

import warnings
from pathlib import Path

import pytest
from omegaconf import OmegaConf

CONF = Path(__file__).parents[2] / "conf"
WHOLE = ("config", "frozen")  # configs that only make sense with all sections


def _targets(node, path=""):
    """Dotted path and node of the topmost mappings with a `_target_` below a node."""
    if isinstance(node, dict) and "_target_" in node:
        yield path, node
    elif isinstance(node, dict):
        for key, item in node.items():
            yield from _targets(item, f"{path}.{key}".lstrip("."))


@pytest.fixture(scope="session")
def config_nodes():
    """Every node with `_target_` in conf/: `<group>/<choice>: <where it is set>` to the node, plain."""
    from hydra import compose, initialize_config_dir

    nodes = {}
    with warnings.catch_warnings(), initialize_config_dir(config_dir=str(CONF), version_base="1.3"):
        # Of a config that is composed first; these are parts of one.
        warnings.filterwarnings("ignore", message="In '.*': Defaults list is missing `_self_`")
        for file in sorted(CONF.rglob("*.yaml")):
            name = file.relative_to(CONF).with_suffix("").as_posix()
            if name in WHOLE or name.startswith(("experiment/", "hydra/")):
                continue
            composed = OmegaConf.to_container(compose(name), resolve=True)
            nodes |= {f"{name}: {path}": node for path, node in _targets(composed)}
    sweeper = OmegaConf.to_container(OmegaConf.load(CONF / "hydra" / "sweeper" / "optuna.yaml"))
    del sweeper["defaults"]
    return nodes | {"hydra/sweeper": sweeper, "hydra/sweeper: sampler": sweeper["sampler"]}
