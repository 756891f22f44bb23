"""Policy engines: sets of policies as code, and what each says of a request."""
