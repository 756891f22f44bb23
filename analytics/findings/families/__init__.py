"""Functions shared by the rules of one family. Only rules and answers import from here."""
