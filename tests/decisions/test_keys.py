"""The 24 keys and their order, against mir_eval's numbers (those of MIREX)."""

from mir_eval.key import KEY_TO_SEMITONE

from earmark.decisions.keys import KEYS, SEMITONES, TONICS


def test_majors_come_first_and_then_minors_by_semitones_from_c():
    assert len(set(KEYS)) == 24
    assert (KEYS[0], KEYS[10], KEYS[12], KEYS[21]) == ("C major", "Bb major", "C minor", "A minor")
    for number, key in enumerate(KEYS):
        tonic, mode = key.split()
        assert KEY_TO_SEMITONE[tonic.lower()] == number % SEMITONES
        assert mode == ("major" if number < SEMITONES else "minor")
    assert [KEY_TO_SEMITONE[tonic.lower()] for tonic in TONICS] == list(range(SEMITONES))
