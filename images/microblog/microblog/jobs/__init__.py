"""Work that takes longer than a request may: a queue in the database, and who works it off."""
