"""The heading says which model it is, and is no markup of somebody's label."""

from dataclasses import replace

from earmark.apps.demo.heading import heading_html
from earmark.bundle import Bundle
from earmark.identify.locate import find_bundle


def test_name_labels_and_figures():
    html = heading_html("composer", Bundle.load(find_bundle("composer")))
    assert "<h1>earmark: composer</h1>" in html
    assert "Composer of music, by what is heard: Bach, Monteverdi, Palestrina, or unknown." in html
    assert (
        "Learned from 86 pieces. By validation pieces, balanced: about 88% of known music is answered" in html
    )


def test_it_follows_the_dial():
    bundle = Bundle.load(find_bundle("composer"))
    eager = replace(bundle, decision=bundle.decision.at("eager"))
    assert "By validation pieces, eager: about 97% of known" in heading_html("composer", eager)


def test_a_model_without_a_dial_and_names_that_are_markup(small_bundle):
    html = heading_html("<b>mine</b>", small_bundle)
    assert "<h1>earmark: &lt;b&gt;mine&lt;/b&gt;</h1>" in html
    assert "Learned from" in html
    assert "validation" not in html
