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

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from earmark.decisions.domain import Domain
from earmark.decisions.kinds import decision_kinds
from earmark.decisions.labelled import are_labels
from earmark.decisions.references import read_columns, read_embeddings, table_text
from earmark.decisions.trial import FAULTS, fault_of_decision
from earmark.foundation.atomic import replacing, write_bytes, write_text
from earmark.foundation.contracts import FittedDecision
from earmark.foundation.errors import EarmarkError, describe
from earmark.foundation.onnx_file import check_onnx
from earmark.foundation.own_classes import MOST_LETTERS, foreign_target
from earmark.foundation.untrusted import (
    MEBIBYTE,
    Unfit,
    check_regular,
    read_tensors,
    read_yaml,
    yaml_text,
)
from earmark.foundation.words import printable
from earmark.music.section_check import check_sections
from earmark.music.settings import HearingSettings
from earmark.store.digest import digest_file
from earmark.store.links import keep_only

VERSION = 2
MOST_BYTES = {
    "encoder.safetensors": 512 * MEBIBYTE,
    "decision.safetensors": 64 * MEBIBYTE,
    "references.safetensors": 512 * MEBIBYTE,
    "references.csv": 256 * MEBIBYTE,
}
"""The members of a bundle beside bundle.yaml, and how large each may be."""
FILES = tuple(MOST_BYTES)
NETWORK = "encoder.onnx"
# Its size beside that of the weights: they are held once, and the rest is names and a few constants.
NETWORK_RATIO, MORE_BYTES = 1.5, MEBIBYTE
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

    def save(self, folder: Path, small: bool = False) -> None:
        """Write the bundle; the same bundle gives the same bytes.

        Args:
            folder: Where to; other files in it are removed.
            small: Whether references are kept as float16: half the size, and the answers are the same but for
                the third digit of a neighbour's distance.
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
            embeddings = np.ascontiguousarray(self.embeddings, np.float16 if small else np.float32)
            save_arrays({"embeddings": embeddings}, temporary)
        write_text(folder / "references.csv", table_text(self.references))
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
        write_text(folder / "bundle.yaml", yaml_text(content))

    @classmethod
    def load(cls, folder: Path) -> Bundle:
        """Read a bundle.

        Args:
            folder: Where it lies.

        Raises:
            EarmarkError: It is missing, incomplete, changed since it was saved, of another version, names a
                class that is not earmark's, or holds what no bundle holds: links, pipes, YAML that does not
                end, damaged arrays, settings of other types or out of range. Nothing is computed before.
        """
        content = _read_content(folder)
        settings = content["settings"]
        foreign = foreign_target(settings, ALLOWED_PACKAGES)
        if foreign is not None:
            raise EarmarkError(f"{folder} is refused: it asks to run {foreign}, which is not earmark's")
        weights = _member(read_tensors, folder, "encoder.safetensors")
        _check_settings(folder, settings, weights)
        embeddings = _member(read_embeddings, folder, "references.safetensors")
        return cls(
            settings=settings,
            weights=weights,
            decision=_restored(folder, content, embeddings),
            references=_member(read_columns, folder, "references.csv", len(embeddings)),
            embeddings=embeddings,
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
        check_regular(folder / "bundle.yaml", MEBIBYTE)
        return hashlib.sha256((folder / "bundle.yaml").read_bytes()).hexdigest()
    except (OSError, Unfit) as error:
        raise EarmarkError(f"{folder} is not a bundle: bundle.yaml cannot be read") from error


def _read_content(folder: Path) -> dict[str, Any]:
    """What bundle.yaml says, once the other files have been checked against it."""
    try:
        content = read_yaml(folder / "bundle.yaml")
    except Unfit as error:
        raise EarmarkError(f"{folder} is not a bundle: bundle.yaml {error}") from error
    if not isinstance(content, dict) or content.get("format") != "earmark-bundle":
        raise EarmarkError(f"{folder} is not an earmark bundle")
    if content.get("version") != VERSION:
        raise EarmarkError(
            f"{folder} is a bundle of version {_short(content.get('version'))}; this earmark reads version "
            f"{VERSION}"
        )
    members = dict(MOST_BYTES)
    if isinstance(content.get("files"), dict) and NETWORK in content["files"]:
        members[NETWORK] = int(NETWORK_RATIO * MOST_BYTES["encoder.safetensors"]) + MORE_BYTES
    for name, most_bytes in members.items():
        try:
            check_regular(folder / name, most_bytes)
            unchanged = digest_file(folder / name) == content["files"][name]
        except Unfit as error:
            if (folder / name).exists():
                raise EarmarkError(f"{folder} is refused: {name} {error}") from error
            unchanged = False
        except (OSError, KeyError, TypeError):
            unchanged = False
        if not unchanged:
            raise EarmarkError(f"{folder} is refused: {name} is missing or not the file that was saved")
    settings, decision = content.get("settings"), content.get("decision")
    whole = isinstance(settings, dict) and all(
        isinstance(settings.get(name), dict) for name in ALLOWED_PACKAGES
    )
    if not (whole and are_labels(content.get("labels")) and isinstance(decision, dict)):
        raise EarmarkError(f"{folder} is refused: bundle.yaml is not whole (labels, decision, settings)")
    question = content.setdefault("question", "")  # older bundles did not note it
    if not isinstance(question, str) or printable(question) != question or len(question) > MOST_LETTERS:
        raise EarmarkError(f"{folder} is refused: its question is not a word")
    known = decision_kinds()
    if not isinstance(decision.get("kind"), str) or decision["kind"] not in known:
        raise EarmarkError(
            f"{folder} is refused: its decision is {_short(decision.get('kind'))}, "
            f"and known are {' and '.join(known)}"
        )
    return content


def _domain(folder: Path, content: dict[str, Any]) -> Domain | None:
    """The ranges of what was learned from, where bundle.yaml has them."""
    if content.get("domain") is None:
        return None
    try:
        return Domain.of(content["domain"])
    except FAULTS as error:
        raise EarmarkError(f"{folder} is refused: its domain is not whole ({describe(error)})") from error


def _network(folder: Path, content: dict[str, Any], weights: Mapping[str, np.ndarray]) -> bytes:
    """The ONNX file, where the bundle has one, once it is known to be a plain network."""
    if NETWORK not in content["files"]:
        return b""
    network = (folder / NETWORK).read_bytes()
    held = sum(array.nbytes for array in weights.values())
    try:
        check_onnx(network, int(NETWORK_RATIO * held) + MORE_BYTES)
    except ValueError as error:
        raise EarmarkError(f"{folder} is refused: of {NETWORK}, {error}") from error
    return network


def _short(value: Any) -> str:
    """A value of an unknown kind in a message."""
    plain = value is None or isinstance(value, (str, int, float))
    return printable(str(value))[:40] if plain else type(value).__name__


def _check_settings(folder: Path, settings: dict[str, Any], weights: Mapping[str, np.ndarray]) -> None:
    """Raise EarmarkError where settings do not say how a piece is heard, or are not those of the weights."""
    try:
        check_sections(settings, {size for array in weights.values() for size in array.shape})
    except EarmarkError as error:
        raise EarmarkError(f"{folder} is refused: {error}") from error
    except FAULTS as error:
        raise EarmarkError(
            f"{folder} is refused: its settings are not whole ({describe(error)}); train it again"
        ) from error


def _member(read: Callable[..., Any], folder: Path, name: str, *arguments: Any) -> Any:
    """What a member holds, by a function that raises Unfit."""
    try:
        return read(folder / name, *arguments)
    except Unfit as error:
        raise EarmarkError(f"{folder} is refused: {name} {error}") from error


def _restored(folder: Path, content: dict[str, Any], embeddings: np.ndarray) -> FittedDecision:
    """The decision from bundle.yaml and its arrays, which has answered some of its references."""
    arrays = _member(read_tensors, folder, "decision.safetensors")
    numbers = {name: value for name, value in content["decision"].items() if name != "kind"}
    try:
        decision = decision_kinds()[content["decision"]["kind"]].restore(
            list(content["labels"]), arrays, numbers
        )
    except FAULTS as error:
        raise EarmarkError(f"{folder} is refused: its decision is not whole ({describe(error)})") from error
    # Fewer are those of an older bundle, for which `restore` knows what holds.
    if set(numbers) - set(decision.numbers()) or set(arrays) - set(decision.arrays()):
        raise EarmarkError(f"{folder} is refused: its decision has more than a {decision.kind} decision")
    if fault := fault_of_decision(decision, embeddings):
        raise EarmarkError(f"{folder} is refused: its decision {fault}")
    return decision
