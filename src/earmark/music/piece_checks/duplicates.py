"""Pieces that are the same music: one group, or refused where their labels contradict each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def resolve_duplicates(
    pieces: pd.DataFrame, facts: Mapping[str, Mapping[str, Any]]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Put note-for-note and sample-for-sample duplicates into one group, and refuse contradictions.

    Duplicates of one label are one work: their groups become one, named like the first of them in the order
    of names. Duplicates under several labels cannot all be right: all are refused, except that a piece with
    a label stays where the others have none. Their works become one, too: what is left of works that share
    music stays on one side of a split.

    Args:
        pieces: The piece table.
        facts: What `measure` wrote of each piece, by piece_id.

    Returns:
        The pieces that stay, with merged groups; and the reasons for the others, by piece_id.
    """
    ids, labels, paths = list(pieces.piece_id), list(pieces.label), list(pieces.path)
    same: dict[str, list[int]] = {}
    for row, piece_id in enumerate(ids):
        for kind in ("score", "sound"):
            if mark := facts[piece_id].get(kind):
                same.setdefault(mark, []).append(row)
    reasons: dict[str, str] = {}
    for rows in same.values():
        given = {labels[row] for row in rows}
        if len(given) > 1:
            refused = [row for row in rows if not labels[row]] if "" in given and len(given) == 2 else rows
            for row in refused:
                other = next(other for other in rows if labels[other] != labels[row])
                reasons[ids[row]] = f"the same music as {paths[other]} of {labels[other] or 'no label'}"
    merged = pieces.copy()
    merged["group"] = _merged_groups(list(pieces.group), same.values())
    return merged[~merged.piece_id.isin(reasons)], reasons


def _merged_groups(groups: Sequence[str], duplicates: Iterable[Sequence[int]]) -> list[str]:
    """Return the group of each row after merging: the smallest name of its connected component.

    Args:
        groups: The group of each row before.
        duplicates: Sets of rows whose groups are to become one.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not groups:
        return []
    names = sorted(set(groups))
    number = {name: index for index, name in enumerate(names)}
    edges = [(number[groups[rows[0]]], number[groups[row]]) for rows in duplicates for row in rows[1:]]
    begin, end = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    graph = coo_array((np.ones(len(edges), dtype=np.int8), (begin, end)), shape=(len(names), len(names)))
    _, component = connected_components(graph, directed=False)
    smallest: dict[int, str] = {}
    for name, label in zip(names, component.tolist(), strict=True):
        smallest.setdefault(label, name)
    return [smallest[int(component[number[group]])] for group in groups]
