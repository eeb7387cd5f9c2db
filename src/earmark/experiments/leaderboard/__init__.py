"""The best runs of an experiment: what they score, how sure that is, and whether they really differ."""
