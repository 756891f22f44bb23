"""Proofs that a use was justified when it happened: what was so then, and who knows it from where.

A proof has four parts: the access that the identity had, the decision that allowed its use, the
envelope that somebody had approved, and the posture of the identity. Two times count: when a fact
was so, and when a snapshot first recorded it.
"""
