"""Parameters and header fields: styles, and the text of values in both directions."""
