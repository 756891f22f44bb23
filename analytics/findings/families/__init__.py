"""What the rules of one family share. Only rules and answers import from here."""
