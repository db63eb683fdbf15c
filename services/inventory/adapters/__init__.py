"""What the service keeps and where: the stock, its adjustments, the reservations."""
