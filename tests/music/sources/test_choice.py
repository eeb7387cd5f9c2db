"""Reading and choosing the source; choosing never removes a file of the user."""

import os

import pytest

from earmark.foundation.errors import EarmarkError
from earmark.music.sources.choice import COLUMNS_FILE, read_source, use_csv, use_default, use_folder
from earmark.music.sources.csv_cells import Columns


@pytest.fixture
def place(tmp_path):
    """The places of a checkout: its source, and a corpus called `tunes`."""
    corpora = tmp_path / "checkout" / "data" / "corpora"
    corpora.mkdir(parents=True)
    (corpora / "tunes.csv").write_text("path,label\nmusic21:a.mxl,Bach\n")
    source = corpora.parent / "source"
    use_default(source)
    return source


@pytest.fixture
def music(tmp_path):
    folder = tmp_path / "music"
    for name in ("Bach/a.mid", "Cage/b.mid"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


@pytest.fixture
def csv(music):
    file = music / "catalog.csv"
    file.write_text("path,label\nCage/b.mid,Cage\nBach/a.mid,Bach\nBach/lost.mid,Bach\n")
    return file


def names(source):
    return [origin.name for origin in read_source(source, source.parent / "corpora", "tunes")]


def test_default_reads_the_corpus_that_the_config_names(place):
    assert place.read_text().startswith("default\n")
    assert names(place) == ["music21:a.mxl"]


def test_a_folder_is_linked_and_read(place, music):
    origins = use_folder(place, music)
    assert [origin.name for origin in origins] == ["Bach/a.mid", "Cage/b.mid"]
    assert os.readlink(place) == str(music)
    assert names(place) == ["Bach/a.mid", "Cage/b.mid"]


def test_a_relative_folder_is_found_from_anywhere(place, music, monkeypatch, tmp_path):
    monkeypatch.chdir(music.parent)
    use_folder(place, music.relative_to(tmp_path))
    monkeypatch.chdir("/")
    assert names(place) == ["Bach/a.mid", "Cage/b.mid"]


def test_a_csv_is_linked_with_every_file_that_it_lists(place, csv):
    origins = use_csv(place, csv)
    assert [origin.name for origin in origins] == ["Cage/b.mid", "Bach/a.mid", "Bach/lost.mid"]
    links = {path.name: path.read_text() for path in (place / "files").iterdir()}
    assert links == {"0000000.mid": "Cage/b.mid", "0000001.mid": "Bach/a.mid"}
    assert names(place) == [origin.name for origin in origins]


def test_files_are_relative_to_the_csv_and_not_to_the_link_to_it(place, csv, music):
    use_csv(place, csv)
    origins = read_source(place, place.parent / "corpora", "tunes")
    assert origins[0].file == music / "Cage/b.mid"


def test_the_links_follow_a_csv_that_changed(place, csv, music):
    use_csv(place, csv)
    (music / "Bach/new.wav").write_text("new")
    csv.write_text("path,label\nBach/new.wav,Bach\nBach/a.mid,Bach\n")
    assert names(place) == ["Bach/new.wav", "Bach/a.mid"]
    links = {path.name: path.read_text() for path in (place / "files").iterdir()}
    assert links == {"0000000.wav": "new", "0000001.mid": "Bach/a.mid"}


def test_a_choice_replaces_the_one_before_and_default_comes_back(place, csv, music):
    use_csv(place, csv)
    use_folder(place, music)
    assert place.is_symlink()
    use_csv(place, csv)
    assert (place / "catalog.csv").is_symlink()
    use_default(place)
    assert place.is_file()
    assert not place.is_symlink()
    assert names(place) == ["music21:a.mxl"]
    assert sorted(path.name for path in music.rglob("*.*")) == ["a.mid", "b.mid", "catalog.csv"]


def test_the_present_choice_can_be_chosen_again(place, csv, music):
    use_folder(place, music)
    use_folder(place, place)
    assert names(place) == ["Bach/a.mid", "Cage/b.mid"]
    use_csv(place, csv)
    use_csv(place, place / "catalog.csv")
    assert names(place)[0] == "Cage/b.mid"
    assert os.readlink(place / "catalog.csv") == str(csv)


@pytest.mark.parametrize("use", [use_folder, use_csv])
def test_a_choice_that_cannot_be_read_leaves_the_one_before(place, music, tmp_path, use):
    use_folder(place, music)
    with pytest.raises(EarmarkError):
        use(place, tmp_path / "nothing")
    assert names(place) == ["Bach/a.mid", "Cage/b.mid"]


@pytest.mark.parametrize("name", ["mine.mid", "files/mine.mid", "deep/er/mine.mid", "files/0000000.mid"])
def test_a_real_file_is_never_removed(place, csv, music, name):
    use_csv(place, csv)
    mine = place / name
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.unlink(missing_ok=True)
    mine.write_text("mine")
    for choose in (
        lambda: use_default(place),
        lambda: use_folder(place, music),
        lambda: use_csv(place, csv),
    ):
        with pytest.raises(EarmarkError, match=f"{name} is not a link that earmark made"):
            choose()
        assert mine.read_text() == "mine"


@pytest.mark.parametrize("name", ["mine.mid", "0000000.mid"])
def test_reading_the_source_removes_no_real_file_either(place, csv, name):
    use_csv(place, csv)
    mine = place / "files" / name
    mine.unlink(missing_ok=True)
    mine.write_text("mine")
    with pytest.raises(EarmarkError, match=f"{name} is not a link that earmark made"):
        names(place)
    assert mine.read_text() == "mine"


def test_a_folder_that_holds_a_link_called_catalog_is_still_a_folder(place, music, tmp_path):
    (tmp_path / "other.csv").write_text("path,label\nx.mid,Xenakis\n")
    (music / "catalog.csv").symlink_to(tmp_path / "other.csv")
    use_folder(place, music)
    assert names(place) == ["Bach/a.mid", "Cage/b.mid"]
    assert not (music / "files").exists()


def test_a_real_folder_in_the_sources_place_is_read_as_one(place):
    place.unlink()
    (place / "Bach").mkdir(parents=True)
    (place / "Bach" / "a.mid").touch()
    assert names(place) == ["Bach/a.mid"]


@pytest.fixture
def passed_over(place):
    """What DVC passes over below `data/source`, of names that are asked for."""
    from pathspec.gitignore import GitIgnoreSpec

    def over(*names):
        file = place.parent / ".dvcignore"
        lines = file.read_text(encoding="utf-8").split("\n") if file.is_file() else []
        spec = GitIgnoreSpec.from_lines(lines)
        return [name for name in names if spec.match_file(f"source/{name}")]

    return over


def test_dvc_passes_over_what_it_cannot_read_in_a_folder_and_over_nothing_else(place, music, passed_over):
    bad = (
        *(
            "a.mid",
            "cover.jpg",
            "a*[b]?.mid",
            "# x!.mid",
            "!y.mid",
            "back\\slash",
            " led by",
            "ends ",
            "tab\t",
        ),
        *("Größe 久.mid", "line\nend\r.mid", "esc\x1b.mid", "a\u00a0b", ".hidden"),
    )
    good = ("b.mid", "axb.mid", "a*[b].mid", "back", "led by", "ends", "x!.mid", "y.mid", "Größe 乆.mid")
    (music / "Dull").mkdir()
    for name in bad:
        (music / "Dull" / name).symlink_to("nowhere")
    for name in good:
        (music / "Dull" / name).touch()
    (music / "Dull" / os.fsdecode(b"caf\xe9")).symlink_to("nowhere")  # the checkout's .dvcignore has these
    use_folder(place, music)
    assert passed_over(*(f"Dull/{name}" for name in (*bad, *good))) == [f"Dull/{name}" for name in bad]
    assert passed_over("a.mid", "Bach/a.mid", "Deep/Dull/a.mid") == []


def test_what_dvc_passes_over_is_of_the_present_choice(place, music, csv):
    (music / "Bach" / "c.mid").symlink_to("nowhere")
    ignored = place.parent / ".dvcignore"
    for choose in (lambda: use_csv(place, csv), lambda: use_default(place)):
        use_folder(place, music)
        assert "/source/Bach/c.mid" in ignored.read_text().splitlines()
        choose()
        assert not ignored.exists()
    (music / "Bach" / "c.mid").unlink()
    use_folder(place, music)
    assert not ignored.exists()


def test_somebody_elses_list_is_left_alone(place, music):
    ignored = place.parent / ".dvcignore"
    ignored.write_text("mine\n")
    for choose in (lambda: use_folder(place, music), lambda: use_default(place)):
        with pytest.raises(EarmarkError, match=r"\.dvcignore is not earmark's: move its lines"):
            choose()
    assert ignored.read_text() == "mine\n"
    assert names(place) == ["music21:a.mxl"]


def test_a_csv_links_only_what_can_be_read(place, csv, music):
    os.mkfifo(music / "Bach" / "pipe.mid")
    (music / "Bach" / "circle.mid").symlink_to("circle.mid")
    with csv.open("a") as file:
        file.write(f"Bach/pipe.mid,Bach\nBach/circle.mid,Bach\n{'x' * 300}.mid,Bach\n")
    origins = use_csv(place, csv)
    assert [bool(origin.fault) for origin in origins] == [False, False, True, True, True, True]
    assert sorted(path.name for path in (place / "files").iterdir()) == ["0000000.mid", "0000001.mid"]


def test_a_choice_that_will_not_do_replaces_nothing(place, csv, music):
    def refuse(origins):
        raise EarmarkError(f"{len(origins)} will not do")

    for choose in (lambda: use_folder(place, music, refuse), lambda: use_csv(place, csv, refuse)):
        with pytest.raises(EarmarkError, match="will not do"):
            choose()
    assert names(place) == ["music21:a.mxl"]


def gone_folder(source, music, csv):
    use_folder(source, music)
    music.rename(music.with_name("moved"))


def gone_csv(source, music, csv):
    use_csv(source, csv)
    csv.unlink()


def missing(source, music, csv):
    source.unlink()


def empty(source, music, csv):
    source.unlink()
    source.mkdir()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (gone_folder, "music, which is gone: earmark use PATH"),
        (gone_csv, "is gone: earmark use PATH"),
        (missing, "is missing: earmark use default"),
        (empty, "holds no music"),
    ],
)
def test_a_source_that_cannot_be_read_says_what_to_type(place, music, csv, spoil, reason):
    spoil(place, music, csv)
    with pytest.raises(EarmarkError) as caught:
        names(place)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_corpus_that_is_not_there_is_named(place):
    with pytest.raises(EarmarkError, match=r"there is no corpus songs: .*set data.corpus"):
        read_source(place, place.parent / "corpora", "songs")


def test_names_of_columns_are_kept_and_a_later_edit_of_the_table_counts(place, music):
    file = music / "list.csv"
    file.write_text("Datei;Klasse\nCage/b.mid;Cage\n")
    use_csv(place, file, columns=Columns("Datei", "Klasse"))
    assert names(place) == ["Cage/b.mid"]
    file.write_text("Klasse;Datei\nCage;Cage/b.mid\nBach;Bach/a.mid\n")
    assert names(place) == ["Cage/b.mid", "Bach/a.mid"]
    (place / COLUMNS_FILE).write_text("[1")
    with pytest.raises(EarmarkError, match="damaged: earmark use FILE"):
        names(place)
    use_folder(place, music)
    assert names(place) == ["Bach/a.mid", "Cage/b.mid"]


def test_a_table_with_the_usual_names_keeps_none(place, csv):
    use_csv(place, csv)
    assert not (place / COLUMNS_FILE).exists()
