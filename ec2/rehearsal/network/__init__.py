"""The local EC2's network: who reaches whom, read from the API and kept by one nft table per cloud."""
