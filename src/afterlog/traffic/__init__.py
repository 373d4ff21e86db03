"""Traffic: the requests of a case as arrays, which of them users saw, and the signals that the detector reads."""
