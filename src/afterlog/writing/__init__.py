"""Writing: templates, Markdown, footnotes and redaction, and the merge with what a person wrote."""
