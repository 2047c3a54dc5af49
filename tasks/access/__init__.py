"""Who is who, and who may do what: people, groups, roles, sign-ins, tokens."""
