"""The tutorials, done as their own text says."""

import pytest

from earmark.foundation.closure import PACKAGE

TUTORIALS = PACKAGE.parents[1] / "docs" / "tutorials"


@pytest.mark.slow
def test_a_library_of_music(empty_folder):
    empty_folder.follow(TUTORIALS / "library.md")


@pytest.mark.slow
def test_a_catalogue(checkout):
    checkout.follow(TUTORIALS / "catalogue.md")


@pytest.mark.slow
def test_a_corpus(checkout):
    checkout.follow(TUTORIALS / "corpus.md")
