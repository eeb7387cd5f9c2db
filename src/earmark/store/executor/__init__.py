"""Map a function over pieces: one bad piece never stops a run."""

from earmark.store.executor.dask import Dask
from earmark.store.executor.loky import Loky
from earmark.store.executor.outcome import Executor, Failure

__all__ = ["Dask", "Executor", "Failure", "Loky"]
