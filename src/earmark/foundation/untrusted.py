"""Files that somebody else made, read with bounds: what is no plain file, too large or too deep is refused.

Each function raises Unfit with a phrase that goes on from the file's name, before much is read or allocated.
"""

from __future__ import annotations

import csv
import json
import math
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

MEBIBYTE = 2**20
DEEPEST_YAML, MOST_YAML_NODES = 20, 100_000
MOST_HEADER_BYTES = 4 * MEBIBYTE  # of a file of tensors: 100 bytes for each
TYPES = {
    **{"F64": np.float64, "F32": np.float32, "F16": np.float16, "BOOL": np.bool_},
    **{f"{kind}{8 * size}": np.dtype(f"{kind.lower()}{size}") for kind in "IU" for size in (1, 2, 4, 8)},
}
"""NumPy's types by the names that safetensors gives them."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where PyYAML was built with it


class Unfit(ValueError):
    """What is wrong with a file, as a phrase that goes on from its name."""


def check_regular(file: Path, most_bytes: int) -> None:
    """Check that a path is a plain file of bounded size, without opening it.

    Args:
        file: The path; a link to a file is none, wherever it leads.
        most_bytes: Its largest size.

    Raises:
        Unfit: It is missing, a link, folder, pipe, socket or device, or larger.
    """
    try:
        found = os.lstat(file)
    except OSError as error:
        raise Unfit(f"cannot be read ({error.strerror})") from error
    if not stat.S_ISREG(found.st_mode):
        raise Unfit("is not a plain file")
    if found.st_size > most_bytes:
        raise Unfit(
            f"has {found.st_size / MEBIBYTE:,.0f} MiB, and {most_bytes / MEBIBYTE:,.0f} MiB are the most"
        )


def read_yaml(file: Path, most_bytes: int = MEBIBYTE) -> Any:
    """Read a YAML file of plain values.

    Args:
        file: Its path.
        most_bytes: Its largest size.

    Raises:
        Unfit: It is no plain file or too large, is not YAML in UTF-8, has aliases, or is nested too deeply.
    """
    check_regular(file, most_bytes)
    try:
        text = file.read_text(encoding="utf-8")
        _check_events(text)
        # The loader is PyYAML's safe one, in C where there is that, which bandit does not see.
        return yaml.load(text, _LOADER)  # nosec B506
    except Unfit:
        raise
    except (OSError, ValueError, TypeError, RecursionError, yaml.YAMLError) as error:
        raise Unfit("cannot be read") from error


class _Whole(yaml.SafeDumper):
    """Writes a list that stands at two places twice, not as an alias."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def yaml_text(content: Any) -> str:
    """Plain values as YAML that `read_yaml` takes; equal ones give equal text."""
    return yaml.dump(content, Dumper=_Whole, sort_keys=True, allow_unicode=True)


def _check_events(text: str) -> None:
    """Walk through YAML without making anything of it: an alias can stand for 2^30 values, or for itself."""
    depth = nodes = 0
    for event in yaml.parse(text, _LOADER):
        nodes += isinstance(event, yaml.NodeEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            raise Unfit("has aliases, which no bundle needs")
        if depth > DEEPEST_YAML:
            raise Unfit(f"is nested more than {DEEPEST_YAML} deep")
        if nodes > MOST_YAML_NODES:
            raise Unfit(f"has more than {MOST_YAML_NODES:,} values")


def tensor_shapes(file: Path) -> dict[str, tuple[int, ...]]:
    """The shapes of the tensors in a safetensors file, by name, from its header alone.

    Args:
        file: A plain file.

    Raises:
        Unfit: The header is damaged, or does not describe the bytes that follow it.
    """
    with file.open("rb") as stream:
        size = int.from_bytes(stream.read(8), "little")
        if size > MOST_HEADER_BYTES:
            raise Unfit("is no file of tensors")
        try:
            header = json.loads(stream.read(size))
            header.pop("__metadata__", None)
            shapes = {name: _shape_of(tensor) for name, tensor in header.items()}
            ends = sorted(tuple(tensor["data_offsets"]) for tensor in header.values())
        except Unfit:
            raise
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise Unfit("is no file of tensors") from error
    place = 0
    for start, end in ends:
        if start != place:
            raise Unfit("has tensors that overlap or leave gaps")
        place = end
    if 8 + size + place != file.stat().st_size:
        raise Unfit("is cut short, or longer than its tensors")
    return shapes


def _shape_of(tensor: Mapping[str, Any]) -> tuple[int, ...]:
    shape, (start, end) = tuple(tensor["shape"]), tensor["data_offsets"]
    if tensor["dtype"] not in TYPES:
        raise Unfit(f"has tensors of type {tensor['dtype']}")
    if not all(type(number) is int and number >= 0 for number in (*shape, start, end)):
        raise Unfit("is no file of tensors")
    if math.prod(shape) * np.dtype(TYPES[tensor["dtype"]]).itemsize != end - start:
        raise Unfit("has a tensor whose shape does not fit its bytes")
    return shape


def read_tensors(file: Path) -> dict[str, np.ndarray]:
    """The tensors of a safetensors file, checked by `tensor_shapes`, by name; each number is finite.

    Raises:
        Unfit: The file is damaged, or a number is not finite.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    tensor_shapes(file)
    try:
        return load_file(file)
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise Unfit("is no file of tensors") from error


def read_table(file: Path, columns: Sequence[str], rows: int) -> dict[str, list[str]]:
    """The columns of a table with commas.

    Args:
        file: A plain file, UTF-8.
        columns: Those it must have; others may come with them.
        rows: How many rows it must have; no more are read.

    Raises:
        Unfit: It is no such table.
    """
    found: list[list[str]] = []
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            lines = csv.reader(stream, strict=True)
            names = next(lines, [])
            if len(set(names)) != len(names) or not set(columns) <= set(names):
                raise Unfit(f"must have the columns {', '.join(columns)}")
            for line in lines:
                if len(line) != len(names):
                    raise Unfit(f"has a row of {len(line)} cells, not {len(names)}")
                found.append(line)
                if len(found) > rows:
                    break
    except Unfit:
        raise
    except (OSError, ValueError, csv.Error) as error:
        raise Unfit("is no table in UTF-8") from error
    if len(found) != rows:
        raise Unfit(f"has {'more' if len(found) > rows else 'fewer'} than its {rows:,} rows")
    return {name: [line[place] for line in found] for place, name in enumerate(names)}
