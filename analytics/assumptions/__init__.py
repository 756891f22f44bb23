"""The assumptions under which access was given, and the items that each broken one makes."""
