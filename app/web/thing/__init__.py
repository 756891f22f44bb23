"""What pages draw of one thing: its facts, its keys if they leak, its claims, its retirement."""
