"""Event sources: streams and queues that Lambda polls, and moving messages back from dead-letter queues."""
