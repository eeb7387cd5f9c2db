"""How an override is typed so that the shell and Hydra take its value as it is meant.

The shell removes a pair of quotes, Hydra another one: 'tracking.experiment="a=b"'.
"""

from __future__ import annotations

import re
import shlex

# Texts in quotes, what gives lists, mappings and calls like choice(a,b) their structure, and the rest.
_PARTS = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[\[\]{}(),:])""")
_STRUCTURED = re.compile(r"\[.*\]|\{.*\}|[a-z]+\(.*\)", re.DOTALL)


def typed_override(override: str) -> str | None:
    """What to type for an override that Hydra does not read: its value in quotes, for Hydra and the shell.

    Args:
        override: As Hydra got it, `tracking.experiment=a=b`.

    Returns:
        It may be typed in a shell, and but for rare characters be put into overrides.yaml, too. None where
        quotes do not help: there is no `=`, or the key is at fault.
    """
    key, equals, value = override.partition("=")
    if not key or not equals or not _is_read(f"{key}=x"):
        return None
    value = value.strip()
    if _STRUCTURED.fullmatch(value):
        if typed := typed_parts(override):
            return typed
        if value.startswith("{"):
            return None
    quoted = f"{key}={in_hydra(_unwrapped(value))}"
    return in_shell(quoted) if _is_read(quoted) else None


def typed_parts(override: str) -> str | None:
    """The same with the parts of the value in quotes, where each is one: of a list, a mapping, a sweep."""
    key, _, value = override.partition("=")
    quoted = f"{key}={''.join(map(_quoted_part, _PARTS.split(value)))}"
    return in_shell(quoted) if _is_read(quoted) else None


def in_hydra(text: str) -> str:
    """A text in quotes, as a value for Hydra."""
    text = re.sub(r"(\\+)(?=\"|$)", r"\1\1", text)  # backslashes count where a quote follows
    return '"' + text.replace('"', '\\"').replace("${", "\\${") + '"'


def in_shell(word: str) -> str:
    """One word of a shell's command line; where it can be, one that YAML reads alike."""
    if "'" in word and not re.search(r"[$`!\\]", word.replace('\\"', "")):
        return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return shlex.quote(word)


def _quoted_part(part: str) -> str:
    text = part.strip()
    if not text or _PARTS.fullmatch(text) or _is_read(f"x={text}"):
        return text
    return in_hydra(text)


def _unwrapped(value: str) -> str:
    """A text without a quote at its beginning that is never closed."""
    return value[1:] if value[:1] in ("'", '"') and value.count(value[0]) == 1 else value


def _is_read(override: str) -> bool:
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        OverridesParser.create().parse_overrides([override])
    except HydraException:
        return False
    return True
