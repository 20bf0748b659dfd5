"""CloudFormation's template of a stack: settings and the table of roles in, nothing else touched."""
