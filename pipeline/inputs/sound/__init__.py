"""Sound: clips as spectrograms, which networks see, and as statistics, which models of tables read."""

from pipeline.inputs.sound.spectrogram_input import SpectrogramInput
from pipeline.inputs.sound.statistics_input import StatisticsInput

__all__ = ["SpectrogramInput", "StatisticsInput"]
