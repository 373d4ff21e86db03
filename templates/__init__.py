"""Templates of the postmortem draft (Jinja2, Markdown)."""
