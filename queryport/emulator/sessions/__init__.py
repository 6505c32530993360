"""The PostgreSQL sessions that serve calls: where they lead, how many there are, and the transactions in them."""
