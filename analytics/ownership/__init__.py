"""Who answers for what: owners, since when there is none, and how far claims are trusted."""
