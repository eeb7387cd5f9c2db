"""Settings of how music becomes features, small and quick."""

import pytest

from earmark.music.settings import AudioSettings, ClipSettings, HearingSettings, MidiSettings, RenderSettings


@pytest.fixture
def hearing():
    """All sections: 8 kHz mono, 16 mel bands, clips of 3 s."""
    return HearingSettings(
        midi=MidiSettings(tempo="original", onset_rate_hz=4.0),
        render=RenderSettings(
            instruments="original",
            soundfont="TimGM6mb.sf2",
            synth_rate=16_000,
            gain=0.6,
            reverb=False,
            chorus=False,
            tail_s=0.5,
            max_seconds=20.0,
        ),
        audio=AudioSettings(sample_rate=8_000, channels=1),
        features={
            "_target_": "earmark.features.mel.LogMel",
            "n_fft": 1024,
            "win_length": 1024,
            "hop_length": 512,
            "n_mels": 16,
            "f_max_hz": 4_000.0,
        },
        dataset=ClipSettings(clip_s=3.0, evaluation_hop_s=3.0),
    )
