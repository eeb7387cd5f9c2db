"""Content-addressed cache of everything that is computed per piece."""

from earmark.store.digest import digest_file, digest_settings
from earmark.store.links import keep_only, link
from earmark.store.local import Store

__all__ = ["Store", "digest_file", "digest_settings", "keep_only", "link"]
