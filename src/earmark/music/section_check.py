"""Whether sections of settings that somebody else made can work: their types, ranges, and sizes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields
from typing import Any

from earmark.foundation.contracts import FrontEnd
from earmark.foundation.errors import EarmarkError
from earmark.foundation.own_classes import misfit, mistyped
from earmark.foundation.targets import build
from earmark.music.clip_geometry import ClipGeometry
from earmark.music.ranges import check_ranges
from earmark.music.settings import HearingSettings

MOST_SIZE = 32_768  # of a window, a spectrum or a filter bank of a front end
MOST_BANDS = 4096
WIDE = 4096  # a layer wider than this must be one of the weights
MOST_VALUES = 2**26  # of a clip: 256 MB of float32
MOST_OVERLAP = 200  # clips that share a frame: so often would it be computed and kept


def check_sections(sections: Mapping[str, Any], sizes: Collection[int]) -> None:
    """Check the settings of a bundle, before anything is heard or built by them.

    Args:
        sections: Plain values; each `_target_` is known to be a front end or a model of this package.
        sizes: Of the axes of the model's weights.

    Raises:
        EarmarkError: A setting is of another type, out of its range, or asks for too much memory.
        KeyError, TypeError, ValueError, AttributeError: A section is not whole.
    """
    most = {"features": MOST_SIZE, "model": MOST_VALUES}
    for name, values in sections.items():
        if not isinstance(name, str):
            raise EarmarkError("a section of its settings has no name")
        if wrong := misfit(values, name, most.get(name, 10**9)):
            raise EarmarkError(wrong)
    front_end, model = _checked_front_end(sections), sections["model"]
    wide = [size for size in _list_items(model) if size > WIDE and size not in sizes]
    if wide:
        raise EarmarkError(f"a layer of {wide[0]} is not in the weights")
    channels, bands, frames = (model[name] for name in ("channels", "bands", "frames"))
    _check_clip(channels, bands, frames)
    if (channels, bands) != (front_end.channels(sections["audio"]["channels"]), front_end.bands()):
        raise EarmarkError(f"the front end does not give the model's {channels} channels of {bands} bands")


def _list_items(node: Any) -> Iterator[int]:
    """Every whole number in a list of a model's settings: the widths of its layers."""
    for value in node.values() if isinstance(node, dict) else node:
        if isinstance(value, (dict, list)):
            yield from _list_items(value)
        elif isinstance(node, list) and isinstance(value, int):
            yield value


def _checked_front_end(sections: Mapping[str, Any]) -> FrontEnd:
    """The front end of sections that can say how a piece is heard; raises as `check_sections` does."""
    hearing = HearingSettings.of_sections(sections)
    for name in ("midi", "render", "audio", "dataset"):
        values = vars(getattr(hearing, name))
        for field in fields(getattr(hearing, name)):
            if wrong := mistyped(values[field.name], str(field.type)):
                raise EarmarkError(f"{name}.{field.name}={wrong}")
        check_ranges(name, values)
    rate_hz, channels = hearing.audio.sample_rate, hearing.audio.channels
    front_end = build(hearing.features, "features")
    front_end.check(rate_hz)
    clips = ClipGeometry.of(hearing.dataset, front_end.frame_rate_hz(rate_hz))
    _check_clip(front_end.channels(channels), front_end.bands(), clips.frames)
    if clips.frames > MOST_OVERLAP * clips.hop:
        raise EarmarkError(
            f"dataset.evaluation_hop_s={hearing.dataset.evaluation_hop_s:g} is too short a hop"
        )
    return front_end


def _check_clip(channels: int, bands: int, frames: int) -> None:
    """Raise EarmarkError where clips of this shape are none, or take too much memory."""
    if min(channels, bands, frames) < 1 or bands > MOST_BANDS or channels * bands * frames > MOST_VALUES:
        raise EarmarkError(f"clips of {channels} x {bands} x {frames} values are none, or too large")
