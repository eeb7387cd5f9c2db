"""A store that machines share; here each machine is a folder, and the S3 server is moto's."""

import json
import threading
import time

import pytest

from earmark.foundation.errors import EarmarkError
from earmark.store import Store, digest_file, link
from earmark.store.remote import Remote, filesystem_of

KEY = "ab" + 62 * "0"
BUCKET = "music"


@pytest.fixture(scope="module")
def s3():
    """The address of an S3 server with one bucket, as AWS's own variables say it."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield f"s3://{BUCKET}"
    server.stop()


@pytest.fixture(params=["file", "s3"])
def url(request, tmp_path):
    """Where nothing is shared yet."""
    if request.param == "file":
        return f"file://{tmp_path}/share"
    return f"{request.getfixturevalue('s3')}/{tmp_path.name}"


@pytest.fixture
def machine(tmp_path, url):
    """Another machine with that name: its store, in front of the shared one."""
    return lambda name: Store(tmp_path / name, Remote(url))


@pytest.fixture
def made():
    class Made:
        calls = 0
        content = b"sound"

        def __call__(self, path):
            self.calls += 1
            path.write_bytes(self.content)

    return Made()


def never(path):
    raise AssertionError("this was computed on another machine")


def shared(url):
    """Names of what is shared, and where."""
    files, base = filesystem_of(url)
    return {path.removeprefix(base.removeprefix("file://")).lstrip("/"): path for path in files.find(base)}


def test_what_one_machine_made_another_does_not_compute(machine, made, tmp_path):
    machine("one").fetch("audio", KEY, ".wav", made)
    other = machine("other")
    assert other.find("audio", KEY, ".wav") is None
    entry = other.fetch("audio", KEY, ".wav", never)
    assert entry == other.find("audio", KEY, ".wav")
    assert entry.read_bytes() == b"sound"
    assert other.digest(entry) == digest_file(entry)
    assert entry.stat().st_mode & 0o777 == 0o444
    link(entry, tmp_path / "data" / "a.wav")
    assert (tmp_path / "data" / "a.wav").samefile(entry)


def test_content_lies_under_its_digest_and_a_note_says_whose_it_is(machine, made, url):
    entry = machine("one").fetch("audio", KEY, ".wav", made)
    sha256 = digest_file(entry)
    names = shared(url)
    assert set(names) == {f"sha256/{sha256[:2]}/{sha256}", f"audio/ab/{KEY}.wav.json"}
    files, _ = filesystem_of(url)
    assert json.loads(files.cat_file(names[f"audio/ab/{KEY}.wav.json"])) == {"sha256": sha256, "size": 5}


def test_no_note_says_what_is_not_there_yet(machine, made, url, monkeypatch):
    files, _ = filesystem_of(url)

    def cut(*args):
        raise ConnectionError("the line went dead")

    monkeypatch.setattr(files, "put_file", cut)
    with pytest.raises(EarmarkError, match="the line went dead"):
        machine("one").fetch("audio", KEY, ".wav", made)
    monkeypatch.undo()
    assert machine("one").remote.digest(f"audio/ab/{KEY}.wav") is None
    assert machine("other").fetch("audio", KEY, ".wav", made).read_bytes() == b"sound"


def test_a_store_that_was_alone_shares_what_it_has_without_computing_it(machine, made):
    Store(machine("one").root).fetch("audio", KEY, ".wav", made)
    assert machine("one").find("audio", KEY, ".wav") is None  # there is something left to do
    machine("one").fetch("audio", KEY, ".wav", never)
    assert machine("one").find("audio", KEY, ".wav")
    machine("other").fetch("audio", KEY, ".wav", never)
    assert made.calls == 1


def test_what_is_here_and_shared_asks_the_server_nothing(machine, made, monkeypatch):
    machine("one").fetch("audio", KEY, ".wav", made)
    monkeypatch.setattr(Remote, "digest", never)
    monkeypatch.setattr(Remote, "push", never)
    machine("one").fetch("audio", KEY, ".wav", never)
    assert machine("one").find("audio", KEY, ".wav")


@pytest.mark.parametrize("damage", [b"hound", b"so", b"", None])
def test_what_was_damaged_over_there_is_computed_anew_and_mended(machine, made, url, damage):
    entry = machine("one").fetch("audio", KEY, ".wav", made)
    files, _ = filesystem_of(url)
    content = shared(url)[f"sha256/{digest_file(entry)[:2]}/{digest_file(entry)}"]
    files.rm_file(content) if damage is None else files.pipe_file(content, damage)
    assert machine("other").fetch("audio", KEY, ".wav", made).read_bytes() == b"sound"
    assert made.calls == 2
    machine("third").fetch("audio", KEY, ".wav", never)


def test_a_note_that_is_none_is_no_entry(machine, made, url):
    machine("one").fetch("audio", KEY, ".wav", made)
    files, _ = filesystem_of(url)
    files.pipe_file(shared(url)[f"audio/ab/{KEY}.wav.json"], b"{")
    machine("other").fetch("audio", KEY, ".wav", made)
    assert made.calls == 2
    machine("third").fetch("audio", KEY, ".wav", never)


def test_a_damaged_file_here_is_fetched_again(machine, made):
    entry = machine("one").fetch("audio", KEY, ".wav", made)
    entry.chmod(0o644)
    entry.write_bytes(b"soun")
    assert machine("one").fetch("audio", KEY, ".wav", never).read_bytes() == b"sound"


def test_two_machines_that_make_different_bytes_at_once_leave_one_of_them_whole(machine):
    """Floats differ between processors. Each writes while the other does; whichever note is last counts."""
    together = threading.Barrier(2)
    errors = []

    def run(name, content):
        def make(path):
            together.wait(10)
            path.write_bytes(content)

        try:
            machine(name).fetch("audio", KEY, ".wav", make)
        except BaseException as error:
            errors.append(error)

    contents = {"one": b"a" * 100_000, "two": b"b" * 100_000}
    threads = [threading.Thread(target=run, args=item) for item in contents.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    third = machine("third").fetch("audio", KEY, ".wav", never)
    assert third.read_bytes() in contents.values()


def test_an_upload_that_breaks_off_leaves_no_note_and_is_made_up_for(machine, made, monkeypatch, url):
    files, _ = filesystem_of(url)

    def broken(*_, **__):
        raise OSError(5, "the line went dead")

    monkeypatch.setattr(files, "pipe_file", broken)
    with pytest.raises(EarmarkError, match=r"store\.url=.*the line went dead") as caught:
        machine("one").fetch("audio", KEY, ".wav", made)
    assert "\n" not in str(caught.value)
    monkeypatch.undo()
    assert [name for name in shared(url) if name.startswith("audio")] == []
    assert machine("one").find("audio", KEY, ".wav") is None
    machine("one").fetch("audio", KEY, ".wav", never)  # what was computed was kept
    machine("other").fetch("audio", KEY, ".wav", never)


def test_pull_brings_what_is_there_and_computes_nothing(machine, made):
    machine("one").fetch("audio", KEY, ".wav", made)
    assert machine("other").pull("audio", KEY, ".wav")
    assert machine("other").find("audio", KEY, ".wav")
    assert not machine("other").pull("audio", "cd00", ".wav")
    assert not Store(machine("third").root).pull("audio", KEY, ".wav")


FETCH = """
import sys
from pathlib import Path
from earmark.store import Store
from earmark.store.remote import Remote

try:
    Store(Path(sys.argv[1]), Remote(sys.argv[2])).fetch("audio", "ab00", ".wav", lambda path: path.touch())
except Exception as error:
    print(error)
"""


def test_a_dead_server_is_one_line_and_soon(tmp_path, s3, monkeypatch, python):
    """In a fresh process: s3fs keeps its connections."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # the port that throws away
    began = time.monotonic()
    out, err = python(FETCH, tmp_path / "one", "s3://music/dead").communicate()
    assert err == ""
    assert out.startswith("store.url=s3://music/dead: ")
    assert "http://127.0.0.1:9/music" in out
    assert out.endswith("is it there, and are you let in? store.url='' does without\n")
    assert out.count("\n") == 1
    assert time.monotonic() - began < 20


def test_a_bucket_that_is_not_there_is_one_line(tmp_path, s3, made):
    with pytest.raises(EarmarkError, match=r"store\.url=s3://nowhere/x: .*bucket does not exist"):
        Store(tmp_path / "one", Remote("s3://nowhere/x")).fetch("audio", KEY, ".wav", made)


@pytest.mark.parametrize(
    ("url", "message"),
    [("share", "give a url, for example s3://"), ("ftpx://host/x", "Protocol not known: ftpx")],
)
def test_what_is_no_url_is_one_line(url, message):
    with pytest.raises(EarmarkError, match=message):
        Remote(url).check()


def test_without_the_package_it_is_said_how_to_install_it(python):
    """In a fresh process: fsspec remembers what it has imported."""
    process = python(
        "import sys; sys.modules['s3fs'] = None\n"
        "from earmark.store.remote import Remote\n"
        "try:\n    Remote('s3://music').check()\nexcept Exception as error:\n    print(error)"
    )
    assert process.communicate()[0] == (
        "store.url=s3://music needs a package that is not installed: pip install 'earmark[s3]'\n"
    )
