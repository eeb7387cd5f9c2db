"""The page, made of Gradio's components: a place to drop a file, and the answer to it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr  # pyright: ignore[reportMissingImports]  # an extra

from earmark.apps.demo.answer import answer
from earmark.apps.demo.heading import heading_html

if TYPE_CHECKING:
    from collections.abc import Iterator

    from earmark.identify.limited import LimitedIdentifier

SWEEP_S, KEEP_S = 60, 1800  # s: how often the server looks for old sounds and pictures; when they are old
FONTS = ["system-ui", "sans-serif"]  # those of the reader's system: nothing is asked from the network
_WELCOME = '<div class="earmark-verdict"><p>Drop a file: its verdict stands here.</p></div>'
CSS = """
.earmark-verdict h2, .earmark-failed h2 { font-size: 1rem; font-weight: normal; overflow-wrap: anywhere; }
.earmark-verdict p, .earmark-failed p { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; }
.earmark-failed p { font-size: 1.1rem; color: #b00020; }
.earmark-heading h1 { font-size: 1.6rem; margin: 0; overflow-wrap: anywhere; }
.earmark-heading p { margin: 0.2rem 0; overflow-wrap: anywhere; }
#nearest table { width: 100%; border-collapse: collapse; }
#nearest caption { text-align: left; padding-bottom: 0.5rem; }
#nearest th, #nearest td { text-align: left; padding: 0.4rem 0.6rem; overflow-wrap: anywhere; }
#nearest tr { border-bottom: 1px solid var(--border-color-primary); }
/* The upload is deleted by then. */
#dropped a { pointer-events: none; }
.dark .earmark-failed p { color: #ff8a80; }
"""


def theme() -> gr.themes.Base:
    """Gradio's default theme with the fonts of the reader's system."""
    return gr.themes.Default(font=FONTS, font_mono=FONTS)


def build_page(limited: LimitedIdentifier, model: str) -> gr.Blocks:
    """Build the page for one model.

    An upload is deleted as soon as it was heard; sounds and pictures after KEEP_S.

    Args:
        limited: Of the model.
        model: What people call it.
    """
    with gr.Blocks(title="earmark", analytics_enabled=False, delete_cache=(SWEEP_S, KEEP_S)) as page:
        gr.HTML(heading_html(model, limited.identifier.bundle), elem_id="heading")
        with gr.Row():
            with gr.Column():
                # No file_types: a file that is no music gets its line like any other that cannot be heard.
                dropped = gr.File(label="Drop a MIDI file or a recording", elem_id="dropped")
                sound = gr.Audio(
                    label="As the model hears it",
                    type="filepath",
                    interactive=False,
                    visible=False,
                    buttons=["download"],
                    elem_id="sound",
                    # The browser's own player: the picture below shows more than a waveform.
                    waveform_options=gr.WaveformOptions(show_recording_waveform=False),
                )
            with gr.Column():
                words = gr.HTML(_WELCOME, elem_id="answer")
                bars = gr.Label(
                    label="Probability, mean of all excerpts",
                    show_heading=False,
                    num_top_classes=8,
                    visible=False,
                    elem_id="bars",
                )
        picture = gr.Image(
            show_label=False,  # it would lie on the picture
            alt_text="Spectrogram, probabilities of each excerpt, distances to each label",
            format="png",
            type="filepath",
            interactive=False,
            visible=False,
            buttons=["download", "fullscreen"],
            elem_id="picture",
        )
        nearest = gr.HTML(visible=False, elem_id="nearest")
        shown = [words, sound, bars, picture, nearest]

        def hear(upload: str) -> Iterator[list[Any]]:
            file = Path(upload)
            try:
                with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
                    content = answer(limited, file, Path(folder), limited.limits.deadline())
                    # Yielded, not returned: Gradio copies both files before the folder is removed.
                    yield [
                        gr.HTML(content.html()),
                        gr.Audio(content.sound, visible=not content.failed),
                        gr.Label(content.bars or None, visible=not content.failed),
                        gr.Image(content.picture, visible=not content.failed),
                        gr.HTML(content.nearest_html(), visible=not content.failed),
                    ]
            finally:
                file.unlink(missing_ok=True)

        def forget() -> list[Any]:
            hidden = [part(None, visible=False) for part in (gr.Audio, gr.Label, gr.Image, gr.HTML)]
            return [gr.HTML(_WELCOME), *hidden]

        # One file at a time: FluidSynth and the model take all cores as it is.
        dropped.upload(hear, dropped, shown, api_visibility="private", concurrency_limit=1)
        page.queue(max_size=limited.limits.queue or None)
        dropped.clear(forget, None, shown, api_visibility="private", show_progress="hidden")
    return page
