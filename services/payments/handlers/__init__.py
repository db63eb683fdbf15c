"""One module per function; each translates its trigger to a call and holds no rules of its own."""
