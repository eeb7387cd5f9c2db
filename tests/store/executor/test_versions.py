"""What a Dask cluster must have in common with this machine."""

from dataclasses import replace

import pytest

from earmark.foundation.closure import source_digest
from earmark.foundation.errors import EarmarkError
from earmark.store.executor.versions import PROTOCOL_PACKAGES, RESULT_PACKAGES, Source, check_cluster

PACKAGES = {"python": "3.11.7.final.0", **dict.fromkeys(PROTOCOL_PACKAGES, "2")}


@pytest.mark.parametrize("where", ["scheduler", "worker"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"python": "3.11.9.final.0"}, None),
        ({"torch": "1"}, None),
        ({"python": "3.12.1.final.0"}, "python 3.12, this machine 3.11"),
        *(({package: "1"}, f"{package} 1, this machine 2") for package in PROTOCOL_PACKAGES),
        ({"dask": None}, "dask None, this machine 2"),
    ],
)
def test_versions_that_differ_are_one_line(where, change, message):
    here, other = {"packages": PACKAGES}, {"packages": {**PACKAGES, **change}}
    versions = {
        "client": here,
        "scheduler": other if where == "scheduler" else here,
        "workers": {"tcp://node7:1": other if where == "worker" else here},
    }
    if message is None:
        check_cluster(versions, "tcp://node1:8786")
        return
    name = "the scheduler" if where == "scheduler" else "tcp://node7:1"
    with pytest.raises(EarmarkError) as caught:
        check_cluster(versions, "tcp://node1:8786")
    assert str(caught.value) == (
        f"executor=dask: {name} of tcp://node1:8786 has {message}: install the same, with constraints.txt"
    )


def test_what_results_are_made_by():
    here = Source.of_this_process()
    assert here.code == source_digest()
    assert set(here.packages) == set(RESULT_PACKAGES)
    assert here.difference() == ""
    for package in RESULT_PACKAGES:
        other = replace(here, packages={**here.packages, package: "9.9"})
        assert f"has {package} {here.packages[package]}, this machine 9.9" in other.difference()
    assert "has another earmark" in replace(here, code="0" * 64).difference()
