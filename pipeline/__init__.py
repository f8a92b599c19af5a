"""A pipeline from a competition's files to an ensemble submission with a score to believe."""

import os

__version__ = "0.1.0"

# OpenMP's threads spin while they wait for one another. On a machine that has anything else to do
# that makes LightGBM up to 70 times slower (measured); sleeping costs next to nothing when idle.
# It is read when a library loads OpenMP, so it must stand before every other import.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # its import would call the network
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
