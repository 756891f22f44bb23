"""Evaluation of AWS policies: from policy documents to what each principal is allowed."""
