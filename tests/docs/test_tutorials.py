"""The tutorials, done as their own text says."""

import pytest

from earmark.foundation.closure import PACKAGE

TUTORIALS = PACKAGE.parents[1] / "docs" / "tutorials"


SESSION = """Words.

```python title="say.py"
print("heard 3 files in 0.25 s, run 0a1b2c3d4e5f: Bach")
```

```console
$ python say.py
heard 4 files in 11.0 s, run ffff2c3d4e5f: Bach
$ printf '%s\\n' one two \\
    three |
  tail -n 2
…
three
```
"""


@pytest.fixture
def page(tmp_path):
    def write(text):
        (tmp_path / "page.md").write_text(text)
        return tmp_path / "page.md"

    return write


def test_figures_of_a_page_may_differ_and_words_may_not(empty_folder, page):
    empty_folder.follow(page(SESSION))
    for words, others in (
        ("ffff2c3d4e5f: Bach", "ffff2c3d4e5f: Monteverdi"),
        ("…\nthree", "three"),
        ("…\nthree", "two three four"),
    ):
        with pytest.raises(AssertionError, match="--- printed"):
            empty_folder.follow(page(SESSION.replace(words, others)))


def test_how_far_a_command_is_may_be_said_anywhere(empty_folder, page, monkeypatch):
    """Progress comes after so many seconds, wherever the output is then."""
    told = """```console
$ printf 'identify: 1/2 files, 0.1/s, 8 s left\\na\\nidentify: 2/2 files in 9.5 s\\nb\\n'
a
b
```
"""
    empty_folder.follow(page(told))
    monkeypatch.setenv("REWRITE_PAGES", "1")
    stale = page(told.replace("\nb\n", "\nc\n"))
    empty_folder.follow(stale)
    assert stale.read_text() == told


def test_a_page_is_rewritten_where_that_is_asked_for(empty_folder, page, monkeypatch):
    monkeypatch.setenv("REWRITE_PAGES", "1")
    stale = page(SESSION.replace("d4e5f: Bach\n$", "d4e5f: Handel\n$"))
    empty_folder.follow(stale)
    assert stale.read_text() == SESSION.replace(
        "heard 4 files in 11.0 s, run ffff2c", "heard 3 files in 0.25 s, run 0a1b2c"
    )


def test_a_command_that_fails_fails_the_page(empty_folder, page):
    with pytest.raises(AssertionError, match="say what"):
        empty_folder.follow(page("```console\n$ echo say what; false\nsay what\n```"))


@pytest.mark.slow
def test_a_library_of_music(empty_folder):
    empty_folder.follow(TUTORIALS / "library.md")


@pytest.mark.slow
def test_a_catalogue(checkout):
    checkout.follow(TUTORIALS / "catalogue.md")


@pytest.mark.slow
def test_a_corpus(checkout):
    checkout.follow(TUTORIALS / "corpus.md")
