"""A ranking fits 80 columns: names beside the figures where they are short, below where they are long."""

from earmark.experiments.ranking_text import Entry, ranking

COLUMNS = ("folds", "test", "95 %", "p", "valid.", "train", "weights", "id")


def entry(rank, name, ids="d1d5bc72"):
    return Entry(rank, name, ("0,1", "0.933", "0.833–1.000", "best", "1.000", "83 s", "190,640", ids))


def test_short_names_have_a_column():
    lines = ranking(COLUMNS, [entry("1", "seed=1"), entry("10", "seed=20")], 80)
    assert len(lines) == 4
    assert lines[2].split()[:3] == ["1", "seed=1", "0,1"]
    assert lines[2].startswith(" 1  seed=1 ")
    assert lines[0].index("test") + 4 == lines[2].index("0.933") + 5  # at the right of their column


def test_long_names_stand_below_and_break_between_overrides():
    name = "trainer.optimizer.lr=0.0007036, trainer.optimizer.weight_decay=0.008663, trainer.max_epochs=2"
    lines = ranking(COLUMNS, [entry("1", name), entry("2", "model=logistic")], 60)
    assert max(map(len, lines)) <= 80
    assert lines[2].split()[:2] == ["1", "0,1"]
    assert lines[3] == "   trainer.optimizer.lr=0.0007036, trainer.optimizer.weight_decay=0.008663,"
    assert lines[4] == "   trainer.max_epochs=2"
    assert lines[6] == "   model=logistic"


def test_a_cell_of_several_lines_leaves_the_others_empty():
    lines = ranking(COLUMNS, [entry("1", "a=1", "d1d5bc72\n8b04dddd")], 80)
    assert lines[3].split() == ["8b04dddd"]
    assert len(lines[3]) == len(lines[2])


def test_wide_letters_count_twice():
    lines = ranking(("x",), [Entry("1", "作曲家=a", ("0.5",)), Entry("2", "b=1", ("0.25",))], 80)
    assert lines[2] == "1  作曲家=a   0.5"
    assert lines[3] == "2  b=1       0.25"
