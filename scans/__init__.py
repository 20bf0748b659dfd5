"""What is looked for before a deployment: known vulnerabilities, pending updates, mistakes, secrets."""
