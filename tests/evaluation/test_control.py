"""The control reaches what its facts allow, no more and no less."""

from collections import Counter

import numpy as np
import pytest

from earmark.evaluation.control import control_table, control_verdicts

LABELS = ["Ash", "Birch", "Cedar"]


def facts(value_of, count=10):
    """Facts of `count` pieces of each label, under `encoded`; the same under `heard`, but constant."""
    random = np.random.default_rng(0)
    return {
        f"{label}{number}": {
            "encoded": value_of(index, random),
            "heard": dict.fromkeys(value_of(index, random), 0.1),
        }
        for index, label in enumerate(LABELS)
        for number in range(count)
    }


def verdicts(table, count=10, train=7):
    ids = {label: [f"{label}{number}" for number in range(count)] for label in LABELS}
    first = [(piece, label) for label in LABELS for piece in ids[label][:train]]
    rest = [piece for label in LABELS for piece in ids[label][train:]]
    found = control_verdicts(table, *map(list, zip(*first, strict=True)), rest)
    return dict(zip(rest, found, strict=True))


def test_facts_that_separate_the_labels_are_found_out():
    table = control_table(facts(lambda index, random: {"size": index + 0.1 * random.random()}), "encoded")
    assert all(piece.startswith(verdict) for piece, verdict in verdicts(table).items())


def test_facts_of_any_scale_count():
    made = facts(lambda index, random: {"tiny": 1e-7 * (index == 1), "huge": 1e9 * (index == 2)})
    found = verdicts(control_table(made, "encoded"))
    assert all(piece.startswith(verdict) for piece, verdict in found.items())


def test_facts_by_lot_are_worth_chance():
    table = control_table(facts(lambda index, random: {"lot": random.random()}, 300), "encoded")
    found = verdicts(table, count=300, train=200)
    right = np.mean([piece.startswith(verdict) for piece, verdict in found.items()])
    assert right == pytest.approx(1 / 3, abs=0.1)


def test_constant_facts_are_left_out_and_worth_one_guess_for_all():
    table = control_table(facts(lambda index, random: {"a": index, "b": random.random()}), "heard")
    assert list(table.columns) == []
    assert len(set(verdicts(table).values())) == 1


def test_only_the_facts_asked_for_are_seen():
    table = control_table(facts(lambda index, random: {"size": float(index), "same": 0.1}), "encoded")
    assert list(table.columns) == ["size"]
    assert table.loc["Cedar3", "size"] == 2


def test_what_a_medium_does_not_have_is_the_mean():
    made = {
        "midi1": {"heard": {"density": 1.0, "duration": 5.0}},
        "midi2": {"heard": {"density": 3.0, "duration": 6.0}},
        "audio": {"heard": {"rms": -20.0, "duration": 7.0}},
        "audio2": {"heard": {"rms": -30.0, "duration": 7.0}},
    }
    table = control_table(made, "heard")
    assert table.loc["audio"].to_dict() == {"density": 2.0, "duration": 7.0, "rms": -20.0}
    assert table.loc["midi1", "rms"] == -25.0


def test_a_fact_that_one_medium_alone_has_and_never_varies_is_left_out():
    made = {
        f"p{number}": {"heard": {"a": number, **({"b": 0.1} if number % 2 else {})}} for number in range(9)
    }
    assert list(control_table(made, "heard").columns) == ["a"]


def test_rare_labels_weigh_as_much_as_frequent_ones():
    # Equal facts but for noise: without weights every verdict would be the frequent label.
    random = np.random.default_rng(1)
    labels = ["Ash"] * 90 + ["Birch"] * 10
    made = {
        str(row): {"encoded": {"x": random.normal() + (label == "Birch")}} for row, label in enumerate(labels)
    }
    ids = list(made)
    found = control_verdicts(control_table(made, "encoded"), ids, labels, ids)
    assert Counter(found[90:])["Birch"] >= 6


def test_equal_facts_give_equal_verdicts():
    table = control_table(facts(lambda index, random: {"lot": random.random()}), "encoded")
    assert verdicts(table) == verdicts(table)
