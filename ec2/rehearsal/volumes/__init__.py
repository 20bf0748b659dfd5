"""EBS volumes as real block devices: a sparse file and a loop device each, and a node in its instance."""
