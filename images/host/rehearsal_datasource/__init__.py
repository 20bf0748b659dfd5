"""Where cloud-init finds the Ec2 datasource of the local EC2."""
