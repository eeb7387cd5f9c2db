"""What cannot work is refused before anything is computed."""

from pathlib import Path

import pytest

from earmark.checks import check
from earmark.config import compose
from earmark.errors import EarmarkError

CONF = Path(__file__).parents[1] / "conf"


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["render.synth_rate=4000"], "render.synth_rate=4000: must lie within 8000 and 96000 Hz"),
        (["render.synth_rate=192000"], "render.synth_rate=192000"),
        (["audio.sample_rate=0"], "audio.sample_rate=0"),
        (["audio.sample_rate=-22050"], "audio.sample_rate=-22050"),
        (["audio.channels=3"], "audio.channels=3: must be one of 1, 2"),
        (["audio.channels=0"], "audio.channels=0"),
        (
            ["audio.sample_rate=16000", "features.f_max_hz=8001"],
            "features.f_max_hz=8001 is above half of audio.sample_rate=16000",
        ),
        (["features.f_min_hz=9000", "features.f_max_hz=8000"], "f_min_hz must lie below f_max_hz"),
        (["features.hop_length=0"], "hop_length"),
        (["features.hop_length=10000"], "hop_length"),
        (["render.instruments=kazoo"], "render.instruments=kazoo: must be one of original, piano"),
        (["midi.tempo=fast"], "midi.tempo=fast: must be one of original, normalised"),
        (["midi.onset_rate_hz=0"], "midi.onset_rate_hz=0"),
        (["midi.onset_rate_hz=nan"], "midi.onset_rate_hz=nan"),
        (["render.gain=-1"], "render.gain=-1"),
        (["render.max_seconds=-5"], "render.max_seconds=-5"),
        (["render.tail_s=-1"], "render.tail_s=-1"),
        (["split.folds=1"], "split.folds=1"),
        (["split.folds=5", "split.fold=5"], "split.fold=5: must lie within 0 and 4"),
        (["split.fold=-1"], "split.fold=-1"),
        (["dataset.clip_s=0"], "dataset.clip_s=0"),
        (["dataset.classes_per_batch=1"], "dataset.classes_per_batch=1"),
        (["dataset.works_per_class=0"], "dataset.works_per_class=0"),
        (["dataset.clips_per_piece=0"], "dataset.clips_per_piece=0"),
        (["dataset.batches_per_epoch=0"], "dataset.batches_per_epoch=0"),
        (["trainer.max_epochs=0"], "trainer.max_epochs=0"),
        (["trainer.max_steps=0"], "trainer.max_steps=0"),
        (["trainer.threads=0"], "trainer.threads=0"),
        (["evaluate.resamples=-1"], "evaluate.resamples=-1"),
        (["+trainer.sed=1"], "trainer.sed is not a setting (there are accelerator"),
        (["+modl=convnet"], "modl is not a setting"),
        (["+features.n_mel=3"], "features.n_mel is not a setting of"),
        (["+model.depth=3"], "config: model.depth is not a setting of"),
        (["model._target_=earmark.models.nothing.Net"], "model._target_ earmark.models.nothing.Net"),
        (["+objective.magrin=3"], "config: objective.magrin is not a setting of"),
        (["+trainer.optimizer.lrate=3"], "config: trainer.optimizer.lrate is not a setting of"),
        (["decision.target_fpr=2"], "target_fpr=2"),
        (["+executor.jobs=3"], "config: executor.jobs is not a setting of"),
        (["~features._target_"], "features has no _target_"),
    ],
)
def test_what_cannot_work_is_one_line(overrides, said):
    cfg = compose(CONF, ["features=mel", *overrides])
    with pytest.raises(EarmarkError) as caught:
        check(cfg)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "overrides",
    [
        ["render.synth_rate=8000"],
        ["render.synth_rate=96000"],
        ["audio.sample_rate=16000", "features.f_max_hz=8000"],
        ["audio.sample_rate=16000", "features.f_max_hz=0"],
        ["render.max_seconds=0"],
        ["split.folds=2", "split.fold=1"],
        ["dataset.works_per_class=1", "dataset.clips_per_piece=1"],
        ["trainer.max_epochs=-1", "trainer.max_steps=10"],
    ],
)
def test_the_edges_of_what_works_pass(overrides):
    assert check(compose(CONF, ["features=mel", *overrides])) is None
