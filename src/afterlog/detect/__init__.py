"""Find outages in a stream of requests, as pure functions over arrays.

References: Raftery & Akman 1986 and Fearnhead 2006 (posterior of change points), Killick et al. 2012 (PELT), Maidstone
et al. 2017 (FPOP), Scargle et al. 2013 (Bayesian Blocks), Beyer et al. 2018 (the SRE workbook: burn rates).
"""

from afterlog.detect.binned import Bins, detect_bins
from afterlog.detect.counts import detect_counts
from afterlog.detect.detect import detect
from afterlog.detect.result import Baseline, Detection, Excursion, Instant, Phase
from afterlog.detect.stream import Stream

__all__ = [
    "Baseline", "Bins", "Detection", "Excursion", "Instant", "Phase", "Stream",
    "detect", "detect_bins", "detect_counts",
]  # fmt: skip
