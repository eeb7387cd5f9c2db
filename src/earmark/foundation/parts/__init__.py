"""The Protocols of parts, a module for each kind; `earmark.foundation.contracts` has them all."""
