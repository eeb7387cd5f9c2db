"""What cannot work is refused before anything is computed."""

import subprocess
import sys
from pathlib import Path

import pytest

from earmark.foundation.errors import EarmarkError
from earmark.pipeline.settings.checks import check
from earmark.pipeline.settings.config import compose

CONF = Path(__file__).parents[3] / "conf"


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["render.synth_rate=4000"], "render.synth_rate=4000: must lie within 8000 and 96000 Hz"),
        (["render.synth_rate=192000"], "render.synth_rate=192000"),
        (["audio.sample_rate=0"], "audio.sample_rate=0"),
        (["audio.sample_rate=-22050"], "audio.sample_rate=-22050"),
        (["audio.channels=3"], "audio.channels=3: must be one of 1, 2"),
        (["audio.channels=0"], "audio.channels=0"),
        (["store.url=share"], "store.url=share: give a url, for example s3://bucket/prefix"),
        (["store.url=ftpx://share"], "store.url=ftpx://share: Protocol not known: ftpx"),
        (["tracking.log_bundle=true"], "tracking.log_bundle=True: must be one of best, all, none"),
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
        (["sampler.classes_per_batch=1"], "sampler.classes_per_batch"),
        (["sampler.works_per_class=0"], "sampler.works_per_class=0"),
        (["sampler.clips_per_piece=0"], "sampler.clips_per_piece=0"),
        (["sampler.batches_per_epoch=0"], "sampler.batches_per_epoch=0"),
        (["trainer.max_epochs=0"], "trainer.max_epochs=0"),
        (["trainer.max_steps=0"], "trainer.max_steps=0"),
        (["sampler.works_per_class=1", "sampler.clips_per_piece=1"], "to hold a triplet"),
        (["decision=vote"], "Vote decides by scores and the model gives embeddings under Triplet"),
        (["model=logistic"], "Logistic gives class scores and Triplet learns from embeddings"),
        (["objective=anchor_triplet"], "choose sampler=anchors"),
        (["sampler=anchors"], "choose sampler=class_work"),
        (["model=composer_original"], "needs clips of 2 x 64 x 2584, not 1 x 128 x 215"),
        (["model=key", "objective=cross_entropy", "decision=vote"], "features=pitch"),
        (["dataset.max_transposition=2"], "needs a pitch-wise front end"),
        (["features=pitch", "dataset.max_transposition=2"], "is for the 24 keys"),
        (["data.merge={classical: concerto}"], "data.merge.classical must be a list of labels"),
        (["data.merge={a: [x], b: [x]}"], "data.merge: x goes into both a and b"),
        (["data.min_confidence=2"], "data.min_confidence=2"),
        (
            ["features=mel_and_descriptors"],
            "max_gain_db=6 changes bands in dB, and those of Stacked are none",
        ),
        (["features=grey", "dataset=plain", "dataset.max_masked_bands=2"], "dataset.max_masked_bands=2"),
        (["trainer.optimizer.lr=-1"], "Invalid learning rate: -1"),
        (["model.init='~/nowhere'"], f"model.init={Path.home()}/nowhere is not a bundle"),
        (["model.init=nowhere"], "model.init=nowhere is not a bundle"),
        (["trainer.keep=none"], "trainer.keep=none: must be one of best, last"),
        (["trainer.threads=0"], "trainer.threads=0"),
        (["trainer.patience=-1"], "trainer.patience=-1"),
        (["trainer.accelerator=abacus"], "trainer.accelerator=abacus: must be one of auto, cpu"),
        (["dataset.evaluation_hop_s=0"], "dataset.evaluation_hop_s=0"),
        (["dataset.max_gain_db=-1"], "dataset.max_gain_db=-1"),
        (["dataset.max_band_shift=-1"], "dataset.max_band_shift=-1"),
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
    with pytest.raises(EarmarkError) as caught:
        check(compose(CONF, ["features=mel", *overrides]))
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
        ["sampler.works_per_class=1"],
        ["sampler=shuffled", "objective=cross_entropy", "decision=vote"],
        ["sampler=shuffled", "objective=cross_entropy"],
        ["model=logistic", "features=descriptors", "objective=cross_entropy", "decision=majority"],
        ["features=mel_and_descriptors", "dataset=plain"],
        ["trainer.max_epochs=-1", "trainer.max_steps=10"],
    ],
)
def test_the_edges_of_what_works_pass(overrides):
    assert check(compose(CONF, ["features=mel", *overrides])) is None


def test_what_only_training_uses_is_not_looked_at_where_nothing_is_learned():
    cfg = compose(CONF, ["trainer.max_epochs=0"])
    check(cfg, learns=False)
    with pytest.raises(EarmarkError, match="max_epochs=0"):
        check(cfg)
    with pytest.raises(EarmarkError, match=r"render\.gain"):
        check(compose(CONF, ["render.gain=-1"]), learns=False)


def test_without_training_torch_is_not_loaded():
    words = f"""
import sys
from pathlib import Path
from earmark.pipeline.settings.checks import check
from earmark.pipeline.settings.config import compose
check(compose(Path({str(CONF)!r}), []), learns=False)
sys.exit("torch" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", words]).returncode == 0
