"""Map a function over pieces: one bad piece never stops a run."""

from earmark.executor.dask import Dask
from earmark.executor.loky import Loky
from earmark.executor.outcome import Executor, Failure

__all__ = ["Dask", "Executor", "Failure", "Loky"]
