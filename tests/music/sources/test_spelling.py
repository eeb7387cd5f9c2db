"""Names that look alike are alike, in labels and in paths."""

import unicodedata

import pytest

from earmark.music.sources.spelling import Files, spelled, trimmed

NFC, NFD = (unicodedata.normalize(form, "Dvořák") for form in ("NFC", "NFD"))


@pytest.mark.parametrize(
    ("text", "as_spelled"),
    [
        (NFD, NFC),
        (NFC, NFC),
        ("\u212bngstr\u00f6m", "\u00c5ngström"),  # the sign of the unit is the letter
        ("\u1112\u1161\u11ab", "한"),  # Hangul in parts
        (" \u00a0Bach\u200b", "Bach"),
        ("Johann\u00a0Sebastian\u2009\u202f Bach", "Johann Sebastian Bach"),
        ("\ufeffBach", "Bach"),
        ("Ba\u00adch\u2060", "Bach"),
        ("\u200eBach\u202c", "Bach"),
        ("A\nB\r\n", "A B"),
        ("久石\u3000譲", "久石 譲"),
        ("Bach\x1b[31m\x00", "Bach[31m"),
        ("می\u200cخواهم\u200c", "می\u200cخواهم"),
        ("👩\u200d🎤", "👩\u200d🎤"),
        ("\u200d \u200c", ""),
    ],
)
def test_what_looks_alike_is_spelled_alike(text, as_spelled):
    assert spelled(text) == as_spelled
    assert spelled(as_spelled) == as_spelled


@pytest.mark.parametrize(
    "label",
    [
        *("AC/DC", "NA", "null", "007", "True", "=1+1", "C.P.E. Bach, Carl", "日本", "R&B $x$ {a}"),
        *('quote"d', "a\\b", "[x]=y", "nan", "1e5", "bach", "Ⅷ", "ﬁ", "①"),
    ],
)
def test_everything_else_stays_as_it_is(label):
    assert spelled(label) == label


def test_a_path_loses_what_is_at_its_ends_alone():
    assert trimmed(" \u00a0\ufeffa\u200bb \u2060c.mid\u200b\t\u202c") == "a\u200bb \u2060c.mid"


@pytest.mark.parametrize(
    ("there", "asked"),
    [
        (f"{NFD}/Così.mid", f"{NFC}/Così.mid"),
        (f"{NFC}/{NFD}/a.mid", f"{NFD}/{NFC}/a.mid"),
        (unicodedata.normalize("NFD", "für.mid"), unicodedata.normalize("NFC", "für.mid")),
        ("op.\u00a01.mid", "op. 1.mid"),
        ("op. 1.mid", "op.\u00a01.mid"),
        ("a\u200b.mid", "a.mid"),
        ("m/x.mid", "m\\x.mid"),
        (f"{NFD}/x.mid", f"{NFC}\\x.mid"),
        ("m\\x.mid", "m\\x.mid"),
    ],
)
def test_a_file_is_found_in_either_form(tmp_path, there, asked):
    (tmp_path / there).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / there).touch()
    assert Files(tmp_path).find(asked) == tmp_path / there


def test_of_two_files_that_look_alike_each_is_found_by_its_own_form(tmp_path):
    for form in (NFC, NFD):
        (tmp_path / form).touch()
    assert Files(tmp_path).find(NFC).name == NFC
    assert Files(tmp_path).find(NFD).name == NFD
    assert Files(tmp_path).find(f"\u200b{NFD}").name == NFC


@pytest.mark.parametrize("name", ["lost.mid", "lost/a.mid", "../lost.mid", "/lost/a.mid", "~/lost.mid", "~"])
def test_what_is_not_there_keeps_its_name(tmp_path, name):
    assert Files(tmp_path).find(name) == tmp_path / name


def test_a_home_folder_may_be_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "a.mid").touch()
    assert Files(tmp_path).find("~/a.mid") == tmp_path / "home" / "a.mid"


def test_a_link_that_leads_nowhere_is_there(tmp_path):
    (tmp_path / "a.mid").symlink_to("nowhere")
    assert Files(tmp_path).find("a.mid") == tmp_path / "a.mid"
