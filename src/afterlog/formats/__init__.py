"""What several formats share, for the files in ``parsers/``: stamps, values, syslog's head, words of deploys."""
