"""`make order`: all that is known of one order, in one timeline."""
