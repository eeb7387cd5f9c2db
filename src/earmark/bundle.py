"""The bundle: everything that identification needs, in one folder, and no code to run.

    bundle.yaml             format version, question, labels, settings, decision, digests of the other files
    encoder.safetensors     weights
    encoder.onnx            the network with these weights, for use without torch; some bundles have none
    decision.safetensors    arrays of the decision: for prototypes those and their whitening
    references.safetensors  what the model gives for the training pieces' clips (clips, dimensions)
    references.csv          a row for each of them: piece_id, label, group, title, start_s

Reading it needs neither Lightning nor DVC nor MLflow, nor pandas, which takes half a second to import.
"""

from __future__ import annotations

import ast
import csv
import hashlib
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from earmark import decisions
from earmark.decisions.domain import Domain
from earmark.foundation.atomic import replacing, write_bytes, write_text
from earmark.foundation.closure import PACKAGE
from earmark.foundation.contracts import FittedDecision
from earmark.foundation.errors import EarmarkError, describe
from earmark.foundation.onnx_file import check_onnx
from earmark.foundation.words import csv_lines
from earmark.music.settings import HearingSettings
from earmark.store.digest import digest_file
from earmark.store.links import keep_only

VERSION = 2
NETWORK = "encoder.onnx"
# Its size beside that of the weights: they are held once, and the rest is names and a few constants.
NETWORK_BYTES, MORE_BYTES = 1.5, 1 << 20
FILES = ("encoder.safetensors", "decision.safetensors", "references.safetensors", "references.csv")
# Packages whose classes a section may name as _target_: those that a module of the package itself defines.
ALLOWED_PACKAGES = {"model": "earmark.models", "features": "earmark.features"}


@dataclass(frozen=True)
class Bundle:
    """A trained model with all that identifies music by it.

    Attributes:
        settings: The sections of the config that identification needs: midi, render, audio, features,
            dataset, validate and model (with the shape of its input).
        weights: The model's arrays by name.
        decision: What makes one answer of the clips of a piece.
        references: Columns piece_id, label, group, title and start_s (seconds) of the training pieces' clips,
            each (clips,).
        embeddings: What the network gives for these clips, (clips, dimensions).
        question: What a label says (composer, author, genre, key, …); "" where that was not noted.
        domain: Ranges of what the model learned from; None in bundles of version 0.2 and older.
        network: The model as an ONNX file, from one clip to what the model gives for it; empty where it needs
            none, being of arrays, or has none, as in bundles of version 0.2.
    """

    settings: dict[str, Any]
    weights: Mapping[str, np.ndarray]
    decision: FittedDecision
    references: Mapping[str, np.ndarray]
    embeddings: np.ndarray
    question: str = ""
    domain: Domain | None = None
    network: bytes = b""

    @property
    def labels(self) -> list[str]:
        """The known labels, in the order of scores and distances."""
        return self.decision.labels

    @cached_property
    def hearing(self) -> HearingSettings:
        """The settings of the recipe that turns a file into features."""
        return HearingSettings.of_sections(self.settings)

    def save(self, folder: Path) -> None:
        """Write the bundle; the same bundle gives the same bytes.

        Args:
            folder: Where to; other files in it are removed.
        """
        from safetensors.numpy import save_file as save_arrays

        names = (*FILES, NETWORK) if self.network else FILES
        keep_only(folder, {"bundle.yaml", *names})
        if self.network:
            write_bytes(folder / NETWORK, self.network)
        weights = {name: np.asarray(array, order="C") for name, array in self.weights.items()}
        with replacing(folder / "encoder.safetensors") as temporary:
            save_arrays(weights, temporary)
        arrays = {name: np.ascontiguousarray(array) for name, array in self.decision.arrays().items()}
        with replacing(folder / "decision.safetensors") as temporary:
            save_arrays(arrays, temporary)
        with replacing(folder / "references.safetensors") as temporary:
            embeddings = np.ascontiguousarray(self.embeddings, dtype=np.float32)
            save_arrays({"embeddings": embeddings}, temporary)
        write_text(folder / "references.csv", _as_csv(self.references))
        content = {
            "format": "earmark-bundle",
            "version": VERSION,
            "question": self.question,
            "labels": self.labels,
            "decision": {"kind": self.decision.kind, **self.decision.numbers()},
            "settings": self.settings,
            **({} if self.domain is None else {"domain": self.domain.as_dict()}),
            "files": {name: digest_file(folder / name) for name in names},
        }
        write_text(folder / "bundle.yaml", yaml.safe_dump(content, sort_keys=True, allow_unicode=True))

    @classmethod
    def load(cls, folder: Path) -> Bundle:
        """Read a bundle.

        Args:
            folder: Where it lies.

        Raises:
            EarmarkError: It is missing, incomplete, changed since it was saved, of another version, or names
                a class that is not earmark's.
        """
        from safetensors.numpy import load_file

        content = _read_content(folder)
        foreign = _foreign_target(content["settings"])
        if foreign is not None:
            raise EarmarkError(f"{folder} is refused: it asks to run {foreign}, which is not earmark's")
        _check_hearing(folder, content["settings"])
        weights = load_file(folder / "encoder.safetensors")
        return cls(
            settings=content["settings"],
            weights=weights,
            decision=_restored(folder, content),
            references=_references(folder),
            embeddings=load_file(folder / "references.safetensors")["embeddings"],
            question=content["question"],
            domain=_domain(folder, content),
            network=_network(folder, content, weights),
        )


def bundle_hash(folder: Path) -> str:
    """One digest for the whole bundle: that of bundle.yaml, which holds those of the other files.

    Args:
        folder: Where the bundle lies.

    Returns:
        SHA-256 in hexadecimal.

    Raises:
        EarmarkError: There is no bundle.yaml that can be read.
    """
    try:
        return hashlib.sha256((folder / "bundle.yaml").read_bytes()).hexdigest()
    except OSError as error:
        raise EarmarkError(f"{folder} is not a bundle: bundle.yaml cannot be read") from error


def _read_content(folder: Path) -> dict[str, Any]:
    """What bundle.yaml says, once the other files have been checked against it."""
    try:
        content = yaml.safe_load((folder / "bundle.yaml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise EarmarkError(f"{folder} is not a bundle: bundle.yaml cannot be read") from error
    if not isinstance(content, dict) or content.get("format") != "earmark-bundle":
        raise EarmarkError(f"{folder} is not an earmark bundle")
    if content.get("version") != VERSION:
        raise EarmarkError(
            f"{folder} is a bundle of version {content.get('version')}; this earmark reads version {VERSION}"
        )
    files = content.get("files")
    for name in (*FILES, NETWORK) if isinstance(files, dict) and NETWORK in files else FILES:
        try:
            unchanged = digest_file(folder / name) == content["files"][name]
        except (OSError, KeyError, TypeError):
            unchanged = False
        if not unchanged:
            raise EarmarkError(f"{folder} is refused: {name} is missing or not the file that was saved")
    settings, decision = content.get("settings"), content.get("decision")
    whole = isinstance(settings, dict) and all(
        isinstance(settings.get(name), dict) for name in ALLOWED_PACKAGES
    )
    if not (whole and isinstance(content.get("labels"), list) and isinstance(decision, dict)):
        raise EarmarkError(f"{folder} is refused: bundle.yaml is not whole (labels, decision, settings)")
    question = content.setdefault("question", "")  # older bundles did not note it
    if not isinstance(question, str) or not question.isprintable():
        raise EarmarkError(f"{folder} is refused: its question is not a word")
    known = _decision_kinds()
    if decision.get("kind") not in known:
        raise EarmarkError(
            f"{folder} is refused: its decision is {decision.get('kind')}, "
            f"and known are {' and '.join(known)}"
        )
    return content


def _domain(folder: Path, content: dict[str, Any]) -> Domain | None:
    """The ranges of what was learned from, where bundle.yaml has them."""
    if content.get("domain") is None:
        return None
    try:
        return Domain.of(content["domain"])
    except (KeyError, TypeError, ValueError) as error:
        raise EarmarkError(f"{folder} is refused: its domain is not whole ({describe(error)})") from error


def _network(folder: Path, content: dict[str, Any], weights: Mapping[str, np.ndarray]) -> bytes:
    """The ONNX file, where the bundle has one, once it is known to be a plain network."""
    if NETWORK not in content["files"]:
        return b""
    network = (folder / NETWORK).read_bytes()
    held = sum(array.nbytes for array in weights.values())
    try:
        check_onnx(network, int(NETWORK_BYTES * held) + MORE_BYTES)
    except ValueError as error:
        raise EarmarkError(f"{folder} is refused: of {NETWORK}, {error}") from error
    return network


def _check_hearing(folder: Path, settings: dict[str, Any]) -> None:
    """Raise EarmarkError where the settings do not say how a piece is heard."""
    try:
        HearingSettings.of_sections(settings)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EarmarkError(
            f"{folder} is refused: its settings are not whole ({describe(error)}); train it again"
        ) from error


@cache
def _decision_kinds() -> dict[str, type[FittedDecision]]:
    """The fitted decisions by kind: each class with a `kind` that a module of `earmark.decisions` defines."""
    kinds = {}
    for info in pkgutil.iter_modules(decisions.__path__, f"{decisions.__name__}."):
        for value in vars(importlib.import_module(info.name)).values():
            if isinstance(value, type) and value.__module__ == info.name and hasattr(value, "kind"):
                kinds[value.kind] = value
    return kinds


def _as_csv(columns: Mapping[str, np.ndarray]) -> str:
    """A table with commas, without pandas."""
    rows = zip(*(np.asarray(columns[name]).tolist() for name in columns), strict=True)
    return "".join(csv_lines([list(columns), *rows]))


def _references(folder: Path) -> dict[str, np.ndarray]:
    """The columns of references.csv, (clips,) each."""
    with (folder / "references.csv").open(encoding="utf-8", newline="") as file:
        names, *rows = csv.reader(file)
    columns = dict(zip(names, np.array(rows, dtype=object).reshape(-1, len(names)).T, strict=True))
    return {**columns, "start_s": columns["start_s"].astype(float)}


def _restored(folder: Path, content: dict[str, Any]) -> FittedDecision:
    """The decision from bundle.yaml and its arrays."""
    from safetensors.numpy import load_file

    arrays = load_file(folder / "decision.safetensors")
    numbers = {name: value for name, value in content["decision"].items() if name != "kind"}
    try:
        decision = _decision_kinds()[content["decision"]["kind"]].restore(
            list(content["labels"]), arrays, numbers
        )
    except (KeyError, TypeError, ValueError) as error:
        raise EarmarkError(f"{folder} is refused: its decision is not whole ({error})") from error
    if set(decision.numbers()) != set(numbers) or set(decision.arrays()) != set(arrays):
        raise EarmarkError(f"{folder} is refused: its decision has more than a {decision.kind} decision")
    return decision


def _foreign_target(settings: dict[str, Any]) -> str | None:
    """The first _target_ outside of ALLOWED_PACKAGES, at any depth; None where there is none."""
    for section, node in settings.items():
        package = ALLOWED_PACKAGES.get(section)
        for target in _targets(node):
            module, _, name = target.rpartition(".")
            # Not startswith: earmark.models.convnet.torch.hub.load is a function of PyTorch.
            allowed = package and re.fullmatch(rf"{re.escape(package)}\.\w+", module)
            if not allowed or not _defines(module, name):
                return target
    if not all("_target_" in settings[section] for section in ALLOWED_PACKAGES):
        return "nothing"
    return None


def _targets(node: Any) -> Iterator[str]:
    """Every _target_ in a node, and every text that OmegaConf would resolve."""
    if isinstance(node, dict):
        if "_target_" in node:
            yield str(node["_target_"])
        node = list(node.values())
    if isinstance(node, (list, tuple)):  # YAML's !!pairs are tuples
        for item in node:
            yield from _targets(item)
    elif isinstance(node, str) and "${" in node:
        yield node  # ${oc.create:…} makes a node with a _target_ while the config is resolved


def _defines(module: str, name: str) -> bool:
    """Whether `name` is a class that `module` itself defines; read from its source, so that nothing runs."""
    file = PACKAGE.parent.joinpath(*module.split(".")).with_suffix(".py")
    if not file.is_file():
        return False
    body = ast.parse(file.read_text(encoding="utf-8")).body
    return any(isinstance(node, ast.ClassDef) and node.name == name for node in body)
