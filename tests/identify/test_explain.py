"""The picture of an explanation."""

from earmark.identify.explain import explanation_picture
from earmark.identify.inputs import Target


def test_a_picture_is_drawn_of_any_verdict(identifier, melody, tmp_path):
    found, features = identifier.identify_with_features(Target("$a$.mid", melody))
    for threshold in (1.0, float("inf")):
        path = tmp_path / f"{threshold}.png"
        explanation_picture(found, features, identifier.frame_rate_hz, ["Ash", "Birch"], 3.0, threshold, path)
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.stat().st_size > 10_000
