"""Arrays: series, pictures of any values and volumes, as networks see them and as statistics for tables."""

from pipeline.inputs.arrays.arrays_input import ArraysInput
from pipeline.inputs.arrays.statistics_input import ArrayStatisticsInput

__all__ = ["ArrayStatisticsInput", "ArraysInput"]
