"""earmark: listens to music and says who composed it, or honestly says *unknown*."""

__version__ = "0.1.0"
