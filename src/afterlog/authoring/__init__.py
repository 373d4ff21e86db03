"""For authors of formats: show a parser, run its laws, explain who reads a log, write a first parser from a log."""
