"""Addresses of SQLite files below folders of any name."""

import sqlite3

import pytest
import sqlalchemy

from earmark.foundation.errors import EarmarkError
from earmark.pipeline.tracking.sqlite import shown_uri, sqlite_uri

ODD = ("a%2Fb", "100%", "why?", "why?a=b&uri=true", "{x}", "a%3Fb{0}?#")


def test_a_plain_path_is_readable(tmp_path):
    file = tmp_path / "Dvořák = é #1; a@b:c" / "mlflow.db"
    assert sqlite_uri(file) == f"sqlite:///{file}"
    assert shown_uri(sqlite_uri(file)) == f"sqlite:///{file}"


@pytest.mark.parametrize("name", ["plain", "sp ace", "Dvořák = é #1; a@b:c", "it's", *ODD])
def test_the_database_lies_where_the_file_is(tmp_path, name):
    file = tmp_path / name / "here.db"
    file.parent.mkdir()
    engine = sqlalchemy.create_engine(sqlite_uri(file))
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("create table there (number integer)"))
    engine.dispose()
    assert list(tmp_path.rglob("*.db")) == [file]
    database = sqlite3.connect(file)
    assert database.execute("select name from sqlite_master").fetchall() == [("there",)]
    database.close()


@pytest.mark.parametrize("name", ODD)
def test_an_escaped_path_is_shown_as_it_is(tmp_path, name):
    assert shown_uri(sqlite_uri(tmp_path / name / "here.db")) == str(tmp_path / name / "here.db")


@pytest.mark.parametrize("uri", ["http://host:5000/a%20b", "postgresql://host/runs%20", "sqlite:///a.db"])
def test_other_addresses_are_shown_as_they_are(uri):
    assert shown_uri(uri) == uri


def test_a_name_that_is_not_utf_8_is_refused(tmp_path):
    with pytest.raises(EarmarkError, match=r"caf\\xe9.* not UTF-8: rename it"):
        sqlite_uri(tmp_path / "caf\udce9" / "here.db")


def test_where_sqlalchemy_does_not_unescape_the_path_is_refused(tmp_path, monkeypatch):
    """As before version 2.1."""
    monkeypatch.setattr(sqlalchemy, "make_url", lambda uri: sqlalchemy.URL.create("sqlite", database=uri))
    with pytest.raises(EarmarkError, match=r"a%2Fb.*rename it"):
        sqlite_uri(tmp_path / "a%2Fb" / "here.db")
