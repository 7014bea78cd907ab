"""The forms of what people look at, below everything that is shown: sheets in HTML, for rich, as plain text."""
