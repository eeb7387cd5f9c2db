"""Front ends: from a waveform to the features that a model sees.

Each is a frozen dataclass that fulfils `earmark.foundation.contracts.FrontEnd`.
"""
