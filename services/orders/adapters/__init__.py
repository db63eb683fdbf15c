"""What the service keeps and where: the event table, the read model, the stored answers."""
