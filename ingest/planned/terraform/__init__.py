"""Terraform plans in JSON (`terraform show -json`): the AWS identities that a plan changes."""
