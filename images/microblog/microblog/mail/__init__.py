"""Mail: a table that keeps letters until they are sent, their texts, and a thread that sends them."""
