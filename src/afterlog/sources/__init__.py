"""Sources, part by part: found, told apart, decompressed, opened, cut into blocks. `afterlog.source` is the door."""
