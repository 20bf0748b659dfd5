"""CloudFormation of the local EC2: templates, change sets and operations over AWS's own API."""
